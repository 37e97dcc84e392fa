"""The Link header of RFC 8288."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link: its target as it was written, and its relations in lower case."""

    target: str
    relations: tuple[str, ...] = ()


def parse_links(header: str) -> tuple[Link, ...]:
    """The links of a Link header; what is malformed is left out."""
    links = []
    rest = header
    while "<" in rest:
        _, _, rest = rest.partition("<")
        target, closed, rest = rest.partition(">")
        if not closed:
            break
        parameters, rest = _parameters(rest)
        relations = tuple(
            relation for name, value in parameters if name == "rel" for relation in value.split()
        )
        links.append(Link(target=target.strip(), relations=relations))
    return tuple(links)


def _parameters(text: str) -> tuple[list[tuple[str, str]], str]:
    """The parameters up to the comma that ends the link, and what follows it."""
    pieces: list[str] = [""]
    quoted = False
    at = 0
    for at, character in enumerate(text, start=1):  # noqa: B007  # its last value is used below
        if character == '"':
            quoted = not quoted
        elif not quoted and character == ",":
            break
        elif not quoted and character == ";":
            pieces.append("")
        else:
            pieces[-1] += character
    named = [piece.partition("=") for piece in pieces if "=" in piece]
    return [(name.strip().lower(), value.strip().lower()) for name, _, value in named], text[at:]
