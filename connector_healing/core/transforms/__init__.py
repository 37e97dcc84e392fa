"""Transforms: a connector's code in, a patch or the reason for none out. They never raise and never run code."""
