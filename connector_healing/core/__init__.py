"""The pure core: values in, values out. No clock, environment, file, socket, dagster, dlt or duckdb."""
