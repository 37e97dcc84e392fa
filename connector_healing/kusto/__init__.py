"""Asks a Kusto cluster the follow-up commands of a triage; needs the extra ``kusto``."""
