"""What an answer without rows does not prove.

Sources: Kusto's documentation of ``.show commands`` and ``.show queries`` (30 days; without
database admin or monitor rights one's own only), ``.show operations`` (by id 6 hours, filtered two
weeks), ``.show ingestion failures`` (14 days, data ingestion commands only).
"""

from connector_healing.core.kusto.collected import Outcome, bare_text
from connector_healing.core.kusto.commands import FollowUpCommand

_OWN = "It does not prove that nothing happened: without admin or monitor rights one sees one's own"

#: By how the command begins; the longest comes first.
_CAVEATS: tuple[tuple[str, str], ...] = (
    (".show commands", f"{_OWN} commands only, of the last 30 days."),
    (".show queries", f"{_OWN} queries only, of the last 30 days."),
    (
        ".show operations |",
        f"{_OWN} operations only, of the last two weeks.",
    ),
    (
        ".show operations",
        f"{_OWN} operations only, and by id those of the last 6 hours.",
    ),
    (
        ".show ingestion failures",
        (
            "It does not prove that the ingestion succeeded: queued ingestion may still be waiting, "
            "other stages fail without a row here, and rows are kept for 14 days."
        ),
    ),
    (
        ".show streamingingestion failures",
        (
            "It does not prove that the ingestion succeeded: throttling by the gateway is not listed, "
            "and rows are kept for 14 days."
        ),
    ),
    (".show tables", "A table that this credential may not see is not listed."),
    (".show databases", "A database that this credential may not see is not listed."),
)


def caveat(command: FollowUpCommand, outcome: Outcome) -> str:
    """What an empty or refused answer does not prove, as a sentence; else nothing."""
    if outcome is Outcome.NOT_VISIBLE:
        return "It does not prove that nothing happened."
    if outcome is not Outcome.EMPTY:
        return ""
    text = bare_text(command.text)
    return next((told for start, told in _CAVEATS if text.startswith(start)), "")
