"""The evidence that something went wrong, and what it was found to mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector_healing.core.taxonomy import FailureCategory, FailureSubcategory


class Stage(StrEnum):
    """Where in a connector's run the failure showed."""

    BUILD = "build"  #: While the dlt source was made.
    EXTRACT = "extract"
    NORMALIZE = "normalize"
    JUDGE = "judge"  #: The normalised package looked wrong and was held.
    LOAD = "load"
    SYNC = "sync"
    UNKNOWN = "unknown"


class SuspicionKind(StrEnum):
    """Why a load package that raised nothing looks wrong."""

    NO_ROWS = "no_rows"
    TABLE_EMPTIED = "table_emptied"
    TABLE_HALVED = "table_halved"
    COLUMN_GONE_NULL = "column_gone_null"
    CHILD_TABLE_LOST = "child_table_lost"
    KEY_REPEATED = "key_repeated"
    BELOW_MIN_ROWS = "below_min_rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One reason to hold a load package."""

    kind: SuspicionKind
    dlt_resource: str
    table: str
    column: str | None
    observed: str
    expected: str

    @property
    def sentence(self) -> str:
        """The reason as one sentence."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.kind.value.replace('_', ' ')} ({self.observed}; expected {self.expected})."


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    """One request and its answer, free of secrets."""

    method: str
    url: str
    status: int | None
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)  #: Names in lower case.
    body_excerpt: str = ""  #: At most 4,000 characters.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionLink:
    """One link of an exception chain, outermost first."""

    type: str  #: Qualified, as ``requests.exceptions.HTTPError``; builtins bare, as ``KeyError``.
    message: str
    mro: tuple[
        str, ...
    ] = ()  #: Qualified names of the class and its ancestors, most specific first.
    attributes: Mapping[str, str] = field(default_factory=dict)  #: Chosen attributes as text.


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePosition:
    """A place in a source file."""

    module: str  #: Dotted.
    path: str
    line: int  #: From 1.
    function: str
    text: str = ""  #: The line itself, free of secrets.


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Evidence of one failed or suspicious run of a connector."""

    failure_id: str
    connector_id: str
    dlt_resource: str | None
    run_id: str | None  #: Dagster's, where Dagster ran it.
    version_id: str | None  #: The connector version that ran.
    occurred_at: datetime
    stage: Stage
    chain: tuple[ExceptionLink, ...] = ()
    root: int = 0  #: Index in `chain` of the first link that is no wrapper.
    http: HttpExchange | None = None
    position: CodePosition | None = None  #: The innermost frame in the connector's own code.
    raised_in: str | None = None  #: The module of the innermost frame of all.
    suspicions: tuple[Suspicion, ...] = ()
    load_state: Mapping[str, str] = field(default_factory=dict)  #: Pending packages, load id, step.
    cassette_id: str | None = None
    source_state: Mapping[str, object] = field(default_factory=dict)  #: dlt's, before the run.
    log_excerpt: tuple[str, ...] = ()
    log_numbers: tuple[int, ...] = ()  #: Of the excerpt's lines in the text they come from.
    declared: Mapping[str, object] = field(default_factory=dict)  #: What is known of the request.

    @property
    def root_link(self) -> ExceptionLink | None:
        """The link that names the cause, wrappers stripped."""
        return self.chain[self.root] if self.root < len(self.chain) else None

    @property
    def message(self) -> str:
        """The failure in one line."""
        if self.suspicions:
            return " ".join(s.sentence for s in self.suspicions)
        link = self.root_link
        return f"{link.type}: {link.message}" if link else "no exception was captured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A piece of text that a diagnosis rests on, and where it stands."""

    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a failure means."""

    category: FailureCategory
    subcategory: FailureSubcategory
    cause: str
    remedy: str
    retryable: bool
    human_needed: bool
    confidence: float  #: From 0 to 1.
    evidence: tuple[Evidence, ...] = ()
    also_possible: tuple[FailureSubcategory, ...] = ()
    rule: str = ""  #: The rule that decided.
