"""Dagster: assets, resources, sensors, jobs, components. The only importer of dagster."""
