"""The classifier's rules as tables."""
