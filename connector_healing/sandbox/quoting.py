"""Names and texts on their way into SQL: the only place where they are quoted."""


def quoted(*names: str) -> str:
    """An identifier, qualified by the names before it, as in ``"before"."flights"``.

    Raises:
        ValueError: If a name holds a NUL, which no identifier can.
    """
    if any("\0" in name for name in names):
        raise ValueError("an identifier cannot hold a NUL character")
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """A text literal.

    Raises:
        ValueError: If the text holds a NUL, which no literal can.
    """
    if "\0" in text:
        raise ValueError("a text literal cannot hold a NUL character")
    return "'" + text.replace("'", "''") + "'"


def listed(texts: "list[str] | tuple[str, ...]") -> str:
    """A list of text literals, as in ``['a', 'b']``."""
    return "[" + ", ".join(literal(t) for t in texts) + "]"
