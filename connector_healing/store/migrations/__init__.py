"""Alembic's migrations of the store; `upgrade` runs them."""
