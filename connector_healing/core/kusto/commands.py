"""The commands that tell more about a failure, as the triage names them."""

from dataclasses import dataclass
from enum import StrEnum


class Endpoint(StrEnum):
    """Which of a cluster's two services answers."""

    ENGINE = "engine"
    INGEST = "ingest"  #: Data management: the host that begins with ``ingest-``.


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpCommand:
    """One command, its values filled in and checked."""

    endpoint: Endpoint
    template: str
    parameters: tuple[tuple[str, str], ...]
    text: str
