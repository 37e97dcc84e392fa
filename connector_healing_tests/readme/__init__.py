"""The README's two commands, run as a newcomer runs them."""
