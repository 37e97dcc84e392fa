"""Keeps Dagster's and dlt's own talk off a terminal that shows something else."""

import logging
import os
import warnings


def be_quiet() -> None:
    """Switch telemetry off and logs down to errors, for this process and its children."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    import dagster
    import dlt

    del dagster, dlt
    warnings.simplefilter("ignore")
    for name in ("dagster", "dlt", "alembic", "sqlalchemy.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
