"""Running in the sandbox with recordings, of which one may not be readable any more."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest
from connector_healing.errors import UnreadableCassetteError
from connector_healing.healing.services import HealServices


def replayed(services: HealServices, request: SandboxRequest) -> SandboxOutcome | None:
    """Run with the recordings that can be read; None where none of those asked for is left.

    A recording is evidence that disks lose and people prune: a heal goes on without it.
    """
    while request.cassettes:
        try:
            return services.sandbox.run(request)
        except UnreadableCassetteError as error:
            left = tuple(path for path in request.cassettes if path != error.value)
            if left == request.cassettes:
                raise
            request = replace(request, cassettes=left)
    return None


def run(services: HealServices, request: SandboxRequest) -> SandboxOutcome:
    """Run with the recordings that can be read, or without any."""
    outcome = replayed(services, request)
    return outcome or services.sandbox.run(replace(request, cassettes=()))


def recorded_records(
    services: HealServices, cassettes: Sequence[str], limit: int
) -> Iterator[tuple[str, list[object]]]:
    """The endpoints and records of the recordings that can be read."""
    for path in cassettes:
        try:
            yield from services.data.records([path], limit)
        except UnreadableCassetteError:
            continue
