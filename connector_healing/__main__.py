"""`python -m connector_healing` is `connector-healing`."""

from connector_healing.cli import main

main()
