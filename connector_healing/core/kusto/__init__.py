"""The triage of failures of the Azure Data Explorer (Kusto) Spark connector.

`triage` takes a case (options, log, exception, what the user says) and answers with the pattern,
its cause, what to do, which commands to run, and what must be asked before anything is decided.
Texts and behaviour are those of connector 7.1.1 unless a pattern names another version.
"""

from connector_healing.core.kusto.automatic import triage_of
from connector_healing.core.kusto.case import KustoCase
from connector_healing.core.kusto.marks import shows_kusto_connector
from connector_healing.core.kusto.triage import KustoTriage, triage

__all__ = ["KustoCase", "KustoTriage", "shows_kusto_connector", "triage", "triage_of"]
