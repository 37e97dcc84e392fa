"""Connector versions: finding a connector's code, keeping its versions, loading one."""
