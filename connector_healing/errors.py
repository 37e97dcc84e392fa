"""Every exception that this package raises.

::

    HealingError
    ├── UsageError                 what the user gave cannot be used; exit status 2
    │   ├── UnknownConnectorError
    │   ├── UnknownCaseError
    │   ├── UnknownVersionError
    │   ├── InvalidConnectorError
    │   ├── InvalidCaseStateError
    │   ├── NothingToUndoError
    │   ├── UnreadableCassetteError
    │   ├── RegistryNotWritableError
    │   ├── StoreUnavailableError
    │   ├── PortInUseError
    │   └── MissingExtraError
    ├── CaseHeldError              another worker is healing the case
    ├── LeaseLostError             another worker holds the work now
    ├── VersionConflictError       the active version moved under a compare-and-swap
    ├── DestinationBusyError       another writer kept the destination locked
    ├── PackageHeldError           a suspicious load package was not loaded
    ├── ConnectorLoadError         a connector version's code could not be loaded
    ├── SandboxError               the sandbox itself failed (not the connector in it)
    └── TrafficRefusedError        the sandbox let a connector's HTTP request through to nobody
        ├── NoRecordedAnswerError
        ├── LiveLimitError
        └── MethodRefusedError

To tell what went wrong from what to do about it, catch the branch::

    try:
        registry.version(connector_id, version_id)
    except UsageError as error:
        print(error)  # one line: the field, the value, what is allowed
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar


class HealingError(Exception):
    """The base of all exceptions that this package raises."""


class UsageError(HealingError):
    """What the user gave cannot be used.

    Args:
        field: The option, key or setting that is wrong.
        value: What was given, already free of secrets.
        allowed: What may be given instead, or the next step, as a sentence.
    """

    #: What is wrong with the value, as the end of a sentence that begins with it.
    verdict: ClassVar[str] = "cannot be used"

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field = field
        self.value = value
        self.allowed = allowed
        super().__init__(f"{field}: {value!r} {self.verdict}. {allowed}")


def _listed(names: Iterable[str], kind: str, otherwise: str) -> str:
    known = sorted(names)
    if not known:
        return otherwise
    shown = ", ".join(known[:10])
    more = f" and {len(known) - 10} more" if len(known) > 10 else ""  # noqa: PLR2004  # ten fit on a line
    return f"Known {kind}: {shown}{more}."


class UnknownConnectorError(UsageError):
    """No connector of this id has run or been declared."""

    def __init__(self, connector_id: str, known: Iterable[str] = ()) -> None:
        otherwise = (
            "No connector is known yet: materialise its assets once, or declare it in the project."
        )
        super().__init__("connector", connector_id, _listed(known, "connectors", otherwise))


class UnknownCaseError(UsageError):
    """No heal case has this id."""

    def __init__(self, case_id: str, known: Iterable[str] = ()) -> None:
        super().__init__("case", case_id, _listed(known, "cases", "There is no heal case yet."))


class UnknownVersionError(UsageError):
    """The connector has no version of this id."""

    def __init__(self, connector_id: str, version_id: str, known: Iterable[str] = ()) -> None:
        self.connector_id = connector_id
        otherwise = f"Connector {connector_id!r} has no version yet."
        super().__init__("version", version_id, _listed(known, "versions", otherwise))


class InvalidConnectorError(UsageError):
    """A connector's declaration is wrong."""


class InvalidCaseStateError(UsageError):
    """The case is not in a state in which this can be done."""

    verdict = "does not allow that"

    def __init__(self, case_id: str, state: str, wanted: Iterable[str]) -> None:
        self.case_id = case_id
        allowed = f"It would have to be: {', '.join(wanted)}."
        super().__init__(f"state of case {case_id}", state, allowed)


class NothingToUndoError(UsageError):
    """The connector's active version has no parent to go back to."""

    verdict = "has nothing to undo"

    def __init__(self, connector_id: str) -> None:
        self.connector_id = connector_id
        super().__init__("connector", connector_id, "Its active version has no parent.")


class UnreadableCassetteError(UsageError):
    """A cassette file is missing, cut short, or of another format."""

    def __init__(self, path: str, reason: str) -> None:
        allowed = (
            f"{reason} Remove it and heal without --cassette, so that the live API is asked; "
            "or name another failed run."
        )
        super().__init__("cassette", path, allowed)


class RegistryNotWritableError(UsageError):
    """The directory of connector versions cannot be written."""

    def __init__(self, path: str, reason: str) -> None:
        allowed = f"{reason} Make the directory writable or set CONNECTOR_HEALING_HOME."
        super().__init__("registry directory", path, allowed)


class StoreUnavailableError(UsageError):
    """The store cannot be opened."""

    def __init__(self, url: str, reason: str) -> None:
        allowed = f"{reason} CONNECTOR_HEALING_STORE_URL takes sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE."
        super().__init__("store URL", url, allowed)


class PortInUseError(UsageError):
    """A port that we were told to listen on is taken."""

    def __init__(self, port: int) -> None:
        super().__init__(
            "port", port, "Something listens there already: name another, or 0 for any."
        )


class MissingExtraError(UsageError):
    """An optional part of the package is not installed."""

    def __init__(self, extra: str, needed_for: str) -> None:
        allowed = f"{needed_for} needs it: in a clone, pip install '.[{extra}]'."
        super().__init__("extra", extra, allowed)


class CaseHeldError(HealingError):
    """Another worker is healing this case; it will be taken over if that worker dies.

    Args:
        case_id: The case.
        until: When its lease runs out unless it renews it; None: it was given back meanwhile.
    """

    def __init__(self, case_id: str, until: datetime | None) -> None:
        self.case_id = case_id
        self.until = until
        lasts = f", until {until}" if until else ""
        super().__init__(
            f"Case {case_id} is being healed already: held by another worker{lasts}. "
            "A worker that lives holds it on; if it died, try again then."
        )


class LeaseLostError(HealingError):
    """Another worker holds the work now; whatever this one still had to write was refused."""

    def __init__(self, name: str, epoch: int) -> None:
        self.name = name
        self.epoch = epoch
        super().__init__(f"The lease on {name} of epoch {epoch} has passed to another worker.")


class VersionConflictError(HealingError):
    """The active version is not the one that the change was made from."""

    def __init__(self, connector_id: str, expected: str | None, found: str | None) -> None:
        self.connector_id = connector_id
        self.expected = expected
        self.found = found
        super().__init__(
            f"The active version of {connector_id!r} is {found}, not {expected}: "
            "somebody changed it meanwhile; look at `connector-healing versions` and try again."
        )


class DestinationBusyError(HealingError):
    """Another writer kept the destination locked for longer than we wait."""

    def __init__(self, location: str, waited_seconds: float) -> None:
        self.location = location
        self.waited_seconds = waited_seconds
        super().__init__(
            f"Destination busy: {location} was locked by another writer "
            f"for the {waited_seconds:.0f} s that we wait."
        )


class PackageHeldError(HealingError):
    """A suspicious load package was held before it reached the destination.

    Args:
        connector_id: Whose package it is.
        case_id: The heal case that was opened for it.
        reasons: One sentence a suspicion.
    """

    def __init__(self, connector_id: str, case_id: str, reasons: Iterable[str]) -> None:
        self.connector_id = connector_id
        self.case_id = case_id
        self.reasons = tuple(reasons)
        super().__init__(
            f"The load package of {connector_id!r} was held and nothing was loaded: "
            f"{' '.join(self.reasons)} If the data are right after all: "
            f"connector-healing release {case_id}"
        )


class ConnectorLoadError(HealingError):
    """A connector version's code could not be loaded."""


class SandboxError(HealingError):
    """The sandbox itself failed; nothing is known of the connector in it."""


class TrafficRefusedError(HealingError):
    """A request of a connector in the sandbox was neither answered nor let through.

    Args:
        request: Method and address, without query and free of secrets.
        reason: Why, as a sentence.
    """

    def __init__(self, request: str, reason: str) -> None:
        self.request = request
        super().__init__(f"{request}: {reason}")


class NoRecordedAnswerError(TrafficRefusedError):
    """The cassette has no answer, and the live API is not to be asked."""

    def __init__(self, request: str) -> None:
        super().__init__(request, "no answer was recorded, and no live request is allowed.")


class LiveLimitError(TrafficRefusedError):
    """The live requests of this sandbox run are spent."""

    def __init__(self, request: str, limit: int) -> None:
        self.limit = limit
        super().__init__(request, f"the {limit} live requests that were allowed are spent.")


class MethodRefusedError(TrafficRefusedError):
    """The request could change something at the API."""

    def __init__(self, request: str) -> None:
        reason = "only GET, HEAD, OPTIONS and known reading POSTs go to the live API from here."
        super().__init__(request, reason)
