"""The sample project that the README's first command runs."""
