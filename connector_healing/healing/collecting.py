"""What a cluster was asked about a failure becomes evidence of its heal case."""

from collections.abc import Sequence

from connector_healing.core.codec import from_json, to_json
from connector_healing.core.kusto.collected import Collection
from connector_healing.ports import CaseFiles

#: The case's file of what clusters answered, one JSON object a line, oldest first.
COLLECTED = "kusto_evidence.jsonl"

#: Rounds of asking that a case keeps; the oldest go first.
_KEPT = 20


def attach(files: CaseFiles, case_id: str, collection: Collection) -> str:
    """Keep one round of asking in a case; returns the path of the case's file.

    Args:
        files: Where the files of cases lie.
        case_id: A case that exists.
        collection: The round, free of secrets.
    """
    path = files.case_path(case_id, COLLECTED)
    lines = [line for line in files.read_text(path).splitlines() if line.strip()]
    files.write_text(path, "\n".join([*lines, to_json(collection)][-_KEPT:]) + "\n")
    return path


def attached(files: CaseFiles, case_id: str) -> Sequence[Collection]:
    """The rounds of asking that a case keeps, oldest first."""
    text = files.read_text(files.case_path(case_id, COLLECTED))
    return [from_json(line, Collection) for line in text.splitlines() if line.strip()]
