"""Failures of the Kusto Spark connector: what they mean and what to ask the cluster about them."""
