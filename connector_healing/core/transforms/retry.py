"""Trying requests again for a time, never for a count."""

from datetime import timedelta

import libcst as cst

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.failure import CodePosition
from connector_healing.core.patch import PatchResult, TextEdit, Unpatchable
from connector_healing.core.transforms.http_calls import Site, SiteKind, sites
from connector_healing.core.transforms.imports import Import, dotted, header_edits, imported
from connector_healing.core.transforms.session_seam import SessionMaker, use_session
from connector_healing.core.transforms.syntax import Syntax, parsed, patch_of

_REQUESTS = frozenset({SiteKind.FUNCTION, SiteKind.HELPER, SiteKind.CALL})

#: Methods that change the object that they are called on.
_CHANGING = frozenset(
    {
        "add", "append", "clear", "close", "discard", "extend", "insert", "pop", "popitem", "put",
        "remove", "reverse", "send", "set", "setdefault", "sort", "update", "write", "writelines",
    }
)  # fmt: skip

_IMPORTS = (
    Import("datetime", "timedelta"),
    Import("tenacity", "retry"),
    Import("tenacity", "retry_if_exception"),
    Import("tenacity", "retry_if_exception_type"),
    Import("tenacity", "stop_after_delay"),
    Import("tenacity", "wait_exponential_jitter"),
)

_DECORATOR = """\
@retry(
    retry=retry_if_exception_type(({requests}.ConnectionError, {requests}.Timeout))
    | retry_if_exception(
        lambda error: getattr(getattr(error, "response", None), "status_code", 0)
        in (408, 429, 500, 502, 503, 504)
    ),
    wait=wait_exponential_jitter(max=60),
    stop=stop_after_delay({duration}),
    reraise=True,
)
"""


def retry_for(
    code: ConnectorCode, position: CodePosition | None, duration: timedelta
) -> PatchResult:
    """Repeat what fails for a passing reason, with growing waits, for this long.

    The function that failed is decorated with tenacity's `retry` where it sends the request
    itself and can be run again; else all requests go through a session that tries again.

    Args:
        code: The connector.
        position: Where it failed, in its own code.
        duration: How long to go on; it has to outlast what made the requests fail.
    """
    function = _failing_function(code, position)
    if function is not None and position is not None:
        decorated = _decorated(code, position.module, function, duration)
        if decorated is not None:
            return decorated
    maker = SessionMaker(
        expression=f"retrying_session({duration_text(duration)})",
        imports=(
            Import("connector_healing.runtime.session", "retrying_session"),
            Import("datetime", "timedelta"),
        ),
    )
    rationale = f"Repeats requests that fail for a passing reason, for {_spoken(duration)}."
    return use_session(code, maker, rationale)


def duration_text(duration: timedelta) -> str:
    """The duration as code."""
    seconds = duration.total_seconds()
    if seconds % 60:
        return f"timedelta(seconds={seconds:g})"
    return f"timedelta(minutes={seconds / 60:g})"


def _spoken(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:g} seconds" if seconds % 60 else f"{seconds / 60:g} minutes"


def _failing_function(
    code: ConnectorCode, position: CodePosition | None
) -> tuple[Syntax, cst.FunctionDef] | None:
    """The function that holds the position, if it sends a request and can be run again."""
    module = code.module(position.module) if position is not None else None
    syntax = parsed(module.text) if module is not None else None
    if syntax is None or position is None:
        return None
    holding = [f for f in syntax.all(cst.FunctionDef) if _holds(syntax, f, position.line)]
    if not holding:
        return None
    function = holding[-1]
    own = [
        site
        for site in sites(code)
        if site.syntax is syntax
        and site.kind in _REQUESTS
        and syntax.enclosing(site.node, cst.FunctionDef) is function
    ]
    if not own or not all(site.reads_only for site in own):
        return None
    return (syntax, function) if _is_repeatable(syntax, function, own) else None


def _holds(syntax: Syntax, function: cst.FunctionDef, line: int) -> bool:
    last = syntax.text.count("\n", 0, syntax.span(function.body.body[-1])[1]) + 1
    return syntax.line_of(function.name) <= line <= last


def _is_repeatable(syntax: Syntax, function: cst.FunctionDef, own: list[Site]) -> bool:
    """Whether the function does nothing but ask and compute, so that running it twice is harmless."""
    if function.asynchronous is not None or function.decorators or not own:
        return False
    local = _local_names(syntax, function)
    return not any(_changes_more(node, local) for node in _below(function.body))


def _below(node: cst.CSTNode) -> list[cst.CSTNode]:
    found, stack = [], [node]
    while stack:
        at = stack.pop()
        found.append(at)
        stack.extend(at.children)
    return found


def _local_names(syntax: Syntax, function: cst.FunctionDef) -> frozenset[str]:
    """Variables that the function itself makes: what is done to them ends with it."""
    scope = syntax.scope(function.body)
    names = {a.name for a in scope.assignments} if scope is not None else set()
    given = (
        *function.params.params,
        *function.params.kwonly_params,
        *function.params.posonly_params,
    )
    return frozenset(names - {p.name.value for p in given})


def _changes_more(node: cst.CSTNode, local: frozenset[str]) -> bool:
    match node:
        case cst.Yield() | cst.Await() | cst.Global() | cst.Nonlocal() | cst.Del():
            return True
        case cst.AssignTarget(target=target) | cst.AugAssign(target=target):
            return not _is_local(target, local)
        case cst.Call(func=cst.Attribute(value=value, attr=cst.Name(value=method))):
            return method in _CHANGING and not _is_local(value, local)
        case cst.Call(func=cst.Name(value="next" | "print" | "open" | "input")):
            return True
        case _:
            return False


def _is_local(node: cst.BaseExpression, local: frozenset[str]) -> bool:
    match node:
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            return all(_is_local(e.value, local) for e in elements)
        case cst.Subscript(value=value) | cst.StarredElement(value=value):
            return _is_local(value, local)
        case cst.Name(value=name):
            return name in local
        case _:
            root = (dotted(node) or "").partition(".")[0]
            return root in local


def _decorated(
    code: ConnectorCode,
    module: str,
    found: tuple[Syntax, cst.FunctionDef],
    duration: timedelta,
) -> PatchResult | None:
    """The decorated function; None where its module has no `requests` to name exceptions of."""
    syntax, function = found
    requests = next((n for n, o in imported(syntax).items() if o in _EXCEPTION_OWNERS), None)
    header = header_edits(module, syntax, _IMPORTS)
    if requests is None or isinstance(header, str):
        return None
    start = syntax.line_start(syntax.span(function.name)[0])
    indentation = syntax.indentation(start)
    text = _DECORATOR.format(requests=requests, duration=duration_text(duration))
    text = "".join(f"{indentation}{line}" for line in text.splitlines(keepends=True))
    edit = TextEdit(
        module=module, start=start, end=start, replacement=text.replace("\n", syntax.newline)
    )
    name = function.name.value
    rationale = f"Repeats {name} while it fails for a passing reason, for {_spoken(duration)}."
    result = patch_of(code, [*header, edit], rationale)
    return None if isinstance(result, Unpatchable) else result


#: Modules that have `ConnectionError` and `Timeout`.
_EXCEPTION_OWNERS = frozenset({"requests", "dlt.sources.helpers.requests"})
