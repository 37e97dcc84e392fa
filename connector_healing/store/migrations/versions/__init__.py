"""One module a schema revision. A released one never changes."""
