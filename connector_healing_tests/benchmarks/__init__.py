"""Benchmarks: what the product promises, measured. ``python -m connector_healing_tests.benchmarks``."""
