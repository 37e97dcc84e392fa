"""The package's version, read by the build and shown by `connector-healing --version`."""

__version__ = "0.1.0"
