"""The use cases of healing, on ports only."""
