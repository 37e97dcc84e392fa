"""Unified diffs made from the recorded edits.

A general diff guesses which lines correspond, and on files full of look-alike lines it marks
many that nobody touched. The edits are known, so nothing is guessed here.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector_healing.core.connector import ConnectorCode, SourceModule
from connector_healing.core.patch import TextEdit, apply_edits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Old lines `first` to `last` (exclusive, from 0) become `new`."""

    first: int
    last: int
    new: tuple[str, ...]


def unified_diff(code: ConnectorCode, edits: tuple[TextEdit, ...], context: int = 3) -> str:
    """The edits as a git-style unified diff of the touched modules, by path.

    Applies forward and backward with ``git apply`` and ``patch``; a line is marked as changed
    only where an edit changed it.

    Args:
        code: The code before the edits.
        edits: Edits that `apply_edits` takes.
        context: Unchanged lines shown around a change.

    Raises:
        ValueError: If edits overlap or name a module or a place that the code does not have.
    """
    apply_edits(code, edits)
    touched = {e.module for e in edits}
    modules = sorted((m for m in code.modules if m.name in touched), key=lambda m: m.path)
    return "".join(
        _module_diff(module, sorted(e for e in edits if e.module == module.name), context)
        for module in modules
    )


def _module_diff(module: SourceModule, edits: Sequence[TextEdit], context: int) -> str:
    lines = _lines(module.text)
    blocks = [b for b in _blocks(module.text, lines, edits) if _changes(b, lines)]
    if not blocks:
        return ""
    # git ends a file name that holds a blank with a tab.
    end = "\t\n" if " " in module.path else "\n"
    parts = [f"--- a/{module.path}{end}", f"+++ b/{module.path}{end}"]
    shift = 0
    for hunk in _hunks(blocks, context):
        parts.append(_render(hunk, lines, context, shift))
        shift += sum(len(b.new) - (b.last - b.first) for b in hunk)
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Lines as git sees them: ended by a line feed and nothing else."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _blocks(text: str, lines: list[str], edits: Sequence[TextEdit]) -> Iterator[_Block]:
    """Runs of lines that edits touch, with their new text, trimmed to what differs."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    groups: list[tuple[int, int, list[TextEdit]]] = []
    for edit in edits:
        first, last = _touched(text, starts, edit)
        if groups and first <= groups[-1][1]:
            before = groups.pop()
            groups.append((before[0], max(last, before[1]), [*before[2], edit]))
        else:
            groups.append((first, last, [edit]))
    for first, last, group in groups:
        new = text[starts[first] : starts[last]]
        for edit in reversed(group):
            low, high = edit.start - starts[first], edit.end - starts[first]
            new = new[:low] + edit.replacement + new[high:]
        end = last
        if new and not new.endswith("\n") and last < len(lines):
            # The text lost its line's end: the next line, which no edit touches, joins it.
            new, end = new + lines[last], last + 1
        yield _trimmed(first, lines[first:end], _lines(new))


def _touched(text: str, starts: list[int], edit: TextEdit) -> tuple[int, int]:
    """The lines (first, last exclusive) whose text an edit changes; empty for whole new lines."""
    whole = edit.replacement.endswith("\n") or not edit.replacement
    at_line_start = edit.start == 0 or text[edit.start - 1] == "\n"
    ends_lines = edit.end == 0 or text[edit.end - 1] == "\n"
    # The end of a text that ends its last line is a place after it, else one within it.
    places = starts if text.endswith("\n") or not text else starts[:-1]
    first = bisect_right(places, edit.start) - 1
    last = bisect_right(places, edit.end) - 1
    if ends_lines and at_line_start and whole:
        return first, last
    return first, min(last + 1, len(starts) - 1)


def _trimmed(first: int, old: list[str], new: list[str]) -> _Block:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return _Block(
        first=first + head,
        last=first + len(old) - tail,
        new=tuple(new[head : len(new) - tail]),
    )


def _changes(block: _Block, lines: list[str]) -> bool:
    return tuple(lines[block.first : block.last]) != block.new


def _hunks(blocks: list[_Block], context: int) -> Iterator[list[_Block]]:
    hunk: list[_Block] = []
    for block in blocks:
        if hunk and block.first - hunk[-1].last > 2 * context:
            yield hunk
            hunk = []
        hunk.append(block)
    yield hunk


def _render(hunk: list[_Block], lines: list[str], context: int, shift: int) -> str:
    first = max(0, hunk[0].first - context)
    last = min(len(lines), hunk[-1].last + context)
    body: list[str] = []
    at = first
    for block in hunk:
        body += [_marked(" ", line) for line in lines[at : block.first]]
        body += [_marked("-", line) for line in lines[block.first : block.last]]
        body += [_marked("+", line) for line in block.new]
        at = block.last
    body += [_marked(" ", line) for line in lines[at:last]]
    grown = sum(len(b.new) - (b.last - b.first) for b in hunk)
    old_range = _range(first, last - first)
    new_range = _range(first + shift, last - first + grown)
    return f"@@ -{old_range} +{new_range} @@\n" + "".join(body)


def _range(first: int, count: int) -> str:
    # An empty range is named by the line before it.
    start = first + 1 if count else first
    return f"{start}" if count == 1 else f"{start},{count}"


def _marked(mark: str, line: str) -> str:
    if line.endswith("\n"):
        return f"{mark}{line}"
    return f"{mark}{line}\n\\ No newline at end of file\n"
