"""Reading moved fields at the very places that were seen to read them."""

from collections.abc import Sequence

import libcst as cst

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.patch import FieldAccess, PatchResult, TextEdit, Unpatchable
from connector_healing.core.transforms.alias_text import Writer
from connector_healing.core.transforms.reads import Read, ReadKind, reads_of
from connector_healing.core.transforms.renames import Renames, path_of
from connector_healing.core.transforms.rewrite import Impossible, Planner, Rewrite, Stranded
from connector_healing.core.transforms.syntax import Syntax, modules_of, patch_of


def alias_in_place(
    code: ConnectorCode, accesses: Sequence[FieldAccess], mappings: Sequence[FieldMapping]
) -> PatchResult:
    """Make the connector's reads of moved fields work on both formats.

    ``row["carrier"]`` becomes ``(row["op_code"] if "op_code" in row else row["carrier"])``: a
    record of either format gives its value, a record of neither raises as before, a null stays a
    null, a default stays the default. A container whose fields moved together is changed once,
    where it is read.

    Args:
        code: The code that made the accesses.
        accesses: Its reads, of the last good answers and of the failing run.
        mappings: What became of the old fields; only what is proven is followed.
    """
    renames = Renames(mappings=mappings, read=frozenset(path_of(a.path) for a in accesses))
    lost = renames.unresolved()
    if lost:
        names = ", ".join(m.old for m in lost)
        return Unpatchable(
            reason=f"The connector reads what nothing proven holds any more: {names}."
        )
    edits: list[TextEdit] = []
    already = False
    for name, syntax in modules_of(code):
        found = _module_edits(name, syntax, accesses, renames)
        if isinstance(found, Unpatchable):
            return found
        edits += found[0]
        already = already or found[1]
    if not edits:
        if already:
            return Unpatchable(reason="The aliases are already there.")
        return Unpatchable(reason="The connector's code reads no field that moved.")
    moved = [m for m in mappings if m.new and m.new != m.old and path_of(m.old) in renames.read]
    shown = ", ".join(f"{m.old} from {m.new}" for m in moved[:3]) or "changed values"
    more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""  # noqa: PLR2004  # three fit
    return patch_of(code, edits, f"Reads {shown}{more} where a record has it.")


def _module_edits(
    name: str, syntax: Syntax, accesses: Sequence[FieldAccess], renames: Renames
) -> tuple[list[TextEdit], bool] | Unpatchable:
    """The module's edits, and whether some were there already."""
    reads, unreadable = reads_of(name, syntax, accesses)
    planner = Planner(syntax=syntax, reads=reads, renames=renames)
    for place in unreadable:
        if any(path and planner.moves(path) and path in renames.old for path in place.paths):
            return _cannot(name, place.line, place.why)
    rewrites = _rewrites(name, planner)
    if isinstance(rewrites, Unpatchable):
        return rewrites
    wanted: dict[cst.CSTNode, Rewrite] = {}
    finished: set[cst.CSTNode] = set()
    writer = Writer(syntax=syntax, reads=reads, rewrites=wanted)
    # Inner expressions first: whether an outer one is there already depends on their text.
    for node in sorted(rewrites, key=lambda n: len(syntax.source(n))):
        done = writer.done_by(rewrites[node])
        if done is None:
            wanted[node] = rewrites[node]
        else:
            finished.add(done)
    for node in list(wanted):
        # The test of an earlier rewrite reads old paths too.
        if not finished.isdisjoint(syntax.ancestors(node)):
            del wanted[node]
    edits = _edits(name, writer)
    return edits if isinstance(edits, Unpatchable) else (edits, bool(finished))


def _rewrites(name: str, planner: Planner) -> dict[cst.CSTNode, Rewrite] | Unpatchable:
    rewrites: dict[cst.CSTNode, Rewrite] = {}
    stranded: list[Read] = []
    for node, read in planner.reads.items():
        plan = planner.plan(read)
        if isinstance(plan, Impossible):
            return _cannot(name, planner.syntax.line_of(node), plan.why)
        if isinstance(plan, Stranded):
            stranded.append(read)
        elif plan is not None:
            rewrites[node] = plan
    absorbed = {inner for rewrite in rewrites.values() for inner in rewrite.absorbed}
    for read in stranded:
        if read.node not in absorbed and read.kind is not ReadKind.GET:
            why = f"the fields of {read.name} went to different places"
            return _cannot(name, planner.syntax.line_of(read.node), why)
    return {node: rewrite for node, rewrite in rewrites.items() if node not in absorbed}


def _edits(name: str, writer: Writer) -> list[TextEdit] | Unpatchable:
    """One edit for each outermost rewritten expression, the inner ones within it."""
    edits = []
    for node, rewrite in writer.rewrites.items():
        line = writer.syntax.line_of(node)
        text = writer.replacement(rewrite)
        if text is None:
            return _cannot(name, line, "what it reads from cannot be evaluated just once there")
        if any(above in writer.rewrites for above in writer.syntax.ancestors(node)):
            continue
        start, end = writer.syntax.span(node)
        edits.append(TextEdit(module=name, start=start, end=end, replacement=text))
    return edits


def _cannot(module: str, line: int, why: str) -> Unpatchable:
    return Unpatchable(reason=f"{module}, line {line}, reads a field that moved, but {why}.")
