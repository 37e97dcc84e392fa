"""A live exception chain as plain links: what was raised, around what, and where."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import TracebackType

from connector_healing.core.failure import CodePosition, ExceptionLink
from connector_healing.core.redaction import Redactor

MAX_LINKS = 20
MAX_READ = 200_000  #: Characters of one message that are looked at.
MAX_MESSAGE = 2_000  #: Characters of one message that are kept.
MAX_ATTRIBUTE = 300  #: Characters of one attribute.
MAX_LINE = 300  #: Characters of one line of code.

_CAUSE = "Caused by: "

#: Classes that only say where in a run something else was raised; so are their subclasses.
#: dlt 1.31: pipeline.exceptions, extract.exceptions, normalize.exceptions, load.exceptions.
#: Dagster 1.13: _core.errors. tenacity 9: RetryError.
WRAPPERS = frozenset(
    {
        "PipelineStepFailed",
        "ResourceExtractionError",
        "NormalizeJobFailed",
        "LoadClientJobException",
        "LoadClientJobFailed",
        "LoadClientJobRetry",
        "LoadClientJobTerminalRetry",
        "LoadPackageAborted",
        "DagsterUserCodeExecutionError",
        "DagsterExecutionStepExecutionError",
        "tenacity.RetryError",
        "BaseExceptionGroup",
    }
)

#: Attributes worth keeping, where they are plain values. dlt's name what was missing and where;
#: `errno`, `verify_code` and `reason` tell network failures apart; `pos` places a JSON error.
ATTRIBUTES = (
    *("errno", "reason", "verify_code", "pos", "lineno", "name", "code", "status", "status_code"),
    *("pipe_name", "step", "kind", "load_id", "job_id", "table_name", "column_name"),
    *("schema_entity", "contract_mode", "json_path", "cursor_path", "primary_key_column"),
    *("fields", "spec_name", "path", "field", "source_name", "not_found_resources"),
    *("available_resources", "retry_count", "pgcode", "sqlstate", "is_package_partially_loaded"),
)


def qualified_name(kind: type) -> str:
    """The class's dotted name; builtins bare."""
    module = str(kind.__module__)
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def safe_attribute(value: object, name: str) -> object:
    """An attribute, or None where it is missing or its property raises."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001  # a foreign property may raise anything
        return None


def safe_text(value: object) -> str:
    """The value as text, whatever its `__str__` does."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # a foreign __str__ may raise anything
        return f"<{type(value).__name__} without text: {type(error).__name__}>"


def is_wrapper(error: BaseException) -> bool:
    """Whether an exception only says where another was raised."""
    names = {name for kind in type(error).__mro__ for name in (kind.__name__, qualified_name(kind))}
    return not WRAPPERS.isdisjoint(names)


def walk(error: BaseException) -> list[BaseException]:
    """The chain, outermost first: causes, else contexts that were not suppressed.

    A cycle ends it, and so does length.
    """
    chain: list[BaseException] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen and len(chain) < MAX_LINKS:
        seen.add(id(link))
        chain.append(link)
        link = _next(link)
    return chain


def _next(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    if error.__cause__ is not None:
        return error.__cause__
    if is_wrapper(error):
        # dlt's load jobs and Dagster's steps keep the original beside the chain, and
        # tenacity keeps it in the last attempt.
        for name in ("client_exception", "user_exception", "job_exception", "exception"):
            inner = safe_attribute(error, name)
            if isinstance(inner, BaseException):
                return inner
        attempt = safe_attribute(safe_attribute(error, "last_attempt"), "_exception")
        if isinstance(attempt, BaseException):
            return attempt
    return None if error.__suppress_context__ else error.__context__


def root_index(chain: list[BaseException]) -> int:
    """The first link that is no wrapper; the last link where all are."""
    return next((i for i, error in enumerate(chain) if not is_wrapper(error)), len(chain) - 1)


def bounded(text: str, limit: int) -> str:
    """The head of a text; where a JVM's stack trace is in it (py4j), with what it names as causes.

    Args:
        text: Free of secrets.
        limit: In characters.
    """
    if len(text) <= limit or _CAUSE not in text:
        return text[:limit]
    causes = "\n".join(line for line in text.splitlines() if line.lstrip().startswith(_CAUSE))
    kept = causes[: limit // 2]
    return f"{text[: limit - len(kept) - 1]}\n{kept}"


def link_of(error: BaseException, redactor: Redactor) -> ExceptionLink:
    """One link, free of secrets and bounded."""
    kind = type(error)
    return ExceptionLink(
        type=qualified_name(kind),
        message=bounded(redactor.excerpt(safe_text(error), MAX_READ), MAX_MESSAGE),
        mro=tuple(qualified_name(k) for k in kind.__mro__ if k is not object),
        attributes=dict(_attributes(error, redactor)),
    )


def _attributes(error: BaseException, redactor: Redactor) -> Iterator[tuple[str, str]]:
    for name in ATTRIBUTES:
        text = _plain(safe_attribute(error, name))
        if text is not None:
            yield name, redactor.excerpt(text, MAX_ATTRIBUTE)
    document = safe_attribute(error, "doc")
    if isinstance(document, str | bytes):
        yield "doc_length", str(len(document))
    if isinstance(error, KeyError) and len(error.args) == 1:
        yield "key", redactor.excerpt(safe_text(error.args[0]), MAX_ATTRIBUTE)
        yield "key_type", type(error.args[0]).__name__
    if isinstance(error, AttributeError) and error.name is not None:
        yield "owner", qualified_name(type(error.obj))


def _plain(value: object) -> str | None:
    """Scalars and collections of scalars as text; everything else is not kept."""
    if isinstance(value, bool | int | float | str):
        return safe_text(value)
    if isinstance(value, Mapping):
        return None
    if isinstance(value, list | tuple | set | frozenset | Collection):
        items = [item for item in _some(value) if isinstance(item, bool | int | float | str)]
        return ", ".join(safe_text(item) for item in items) if items else None
    return None


def _some(value: Iterable[object]) -> list[object]:
    try:
        return [item for item, _ in zip(value, range(50), strict=False)]
    except Exception:  # noqa: BLE001  # a foreign iterator may raise anything
        return []


def frames(error: BaseException) -> Iterator[tuple[str, TracebackType]]:
    """The frames that an exception passed, outermost first, each with its module's name."""
    at = error.__traceback__
    while at is not None:
        yield str(at.tb_frame.f_globals.get("__name__", "")), at
        at = at.tb_next


def raised_in(error: BaseException) -> str | None:
    """The module of the innermost frame of all; None where it was never raised."""
    module = None
    for module, _ in frames(error):  # noqa: B007  # the last one is what is asked for
        pass
    return module


def position_in(
    chain: list[BaseException],
    root: int,
    code_modules: Collection[str],
    sources: Mapping[str, str],
    redactor: Redactor,
) -> CodePosition | None:
    """The innermost frame in the connector's modules: the root's, else the nearest link's."""
    for error in [*chain[root:], *reversed(chain[:root])]:
        inside = [(module, at) for module, at in frames(error) if module in code_modules]
        if inside:
            module, at = inside[-1]
            code = at.tb_frame.f_code
            return CodePosition(
                module=module,
                path=code.co_filename,
                line=at.tb_lineno or 1,
                function=code.co_qualname,
                text=_line(sources.get(module, ""), at.tb_lineno, redactor),
            )
    return None


def _line(text: str, number: int | None, redactor: Redactor) -> str:
    lines = text.splitlines()
    if not number or not 1 <= number <= len(lines):
        return ""
    return redactor.excerpt(lines[number - 1].strip(), MAX_LINE)
