"""Child processes that run connectors against DuckDB, and the profiling and comparing of what they load."""
