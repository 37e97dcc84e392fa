"""Takes secrets out of texts, URLs and headers: by their values and by their names.

By value: every secret of the run, also URL-encoded, base64-encoded (alone or inside a longer
text), JSON-, HTML- and Python-escaped. A value shorter than six characters, of one repeated
character, or an everyday word (`secret_looks.COMMON_VALUES`) is not masked by value, since it
would mask ordinary text; its name still masks it.
By name: query parameters, headers, JSON keys, ``key=value`` and ``key: value`` in free text
(`secret_names`, `named_secrets`), credentials after an authentication scheme or on a command
line (`told_secrets`), user information in URLs, Kusto's hidden strings (``h@"..."``); and by
the way they are written: vendors' keys, Scala's maps, XML, sentences (`secret_forms`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_plus

from connector_healing.core.named_secrets import MASK, without_named
from connector_healing.core.secret_forms import forms, without_forms
from connector_healing.core.secret_names import Place, hides
from connector_healing.core.told_secrets import without_told

__all__ = ["EXCERPT_SCAN", "MASK", "Redactor"]

#: `Redactor.excerpt` reads no further than this many characters.
EXCERPT_SCAN = 1_000_000

_MAX_PASSES = 8

_PARAMETER = re.compile(r"([?&#][A-Za-z0-9_.\-%\[\]]{1,64})=([^&;\s\"'<>#\\]+)")
_WHOLE_LINE = re.compile(
    r"([acAC](?:(?<=[aA])(?i:uthorization)|(?<=[cC])(?i:ookie)):[ \t]*)([^\s\"'][^\r\n\"']*)"
)
_USER_INFORMATION = re.compile(r"://[^\s/?#\"'<>\\]{1,400}@")
_KUSTO_HIDDEN = re.compile(r"([hH](?<!\w[hH])@?)(\\?[\"'])((?:(?!\2)[^\n])*)\2")


class Redactor:
    """Masks the secrets of one run; immutable, idempotent, and it never raises.

    Args:
        values: The secrets themselves; anything empty or too common is left to the names.
    """

    __slots__ = ("_forms", "_shortest", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = frozenset(v for v in values if v)
        of_values = [sorted(set(forms(value)), key=len) for value in self._values]
        found = {form for of_value in of_values for form in of_value}
        self._forms = tuple(sorted(found, key=lambda f: (-len(f), f)))
        # A text without these holds none of the longer forms either.
        self._shortest = tuple({f for of_value in of_values for f in _shortest(of_value)})

    def __repr__(self) -> str:
        return f"Redactor({len(self._values)} secrets)"

    def merged(self, values: Iterable[str]) -> "Redactor":
        """A redactor of these secrets too."""
        return Redactor(self._values.union(values))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for _ in range(_MAX_PASSES):
            masked = self._once(text)
            if masked == text:
                break
            text = masked
        return text

    def excerpt(self, text: str, limit: int) -> str:
        """The first `limit` characters of the text without secrets.

        It is cut after masking, so that no half of a secret is left at the edge.
        """
        return self.text(text[:EXCERPT_SCAN])[:limit]

    def url(self, url: str) -> str:
        """The URL without user information, secret parameters and secret values."""
        return self.text(url)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with secret ones masked; names stay as they are."""
        return {
            self.text(str(name)): MASK
            if hides(str(name), str(value), Place.HEADER)
            else self.text(str(value))
            for name, value in headers.items()
        }

    def _once(self, text: str) -> str:
        # Looking for a plain word costs a hundredth of looking for a pattern.
        text = self._without_values(text)
        lower = text.lower()
        if "://" in text:
            text = _USER_INFORMATION.sub(f"://{MASK}@", text)
        text = without_forms(text, lower)
        text = _KUSTO_HIDDEN.sub(rf"\1\2{MASK}\2", text)
        if "authorization:" in lower or "cookie:" in lower:
            text = _WHOLE_LINE.sub(rf"\1{MASK}", text)
        text = without_told(text, lower)
        if "=" in text:
            text = _PARAMETER.sub(_masked_parameter, text)
        return without_named(text)

    def _without_values(self, text: str) -> str:
        # A scan for each form beats one alternation of hundreds: most texts hold none.
        if not any(form in text for form in self._shortest):
            return text
        present = [form for form in self._forms if form in text]
        return re.compile("|".join(map(re.escape, present))).sub(MASK, text)


def _shortest(by_length: Sequence[str]) -> list[str]:
    """The forms that hold no other form."""
    kept: list[str] = []
    for form in by_length:
        if not any(shorter in form for shorter in kept):
            kept.append(form)
    return kept


def _masked_parameter(match: re.Match[str]) -> str:
    if hides(match.group(1)[1:], unquote_plus(match.group(2)), Place.PARAMETER):
        return f"{match.group(1)}={MASK}"
    return match.group()
