"""Takes secrets out of texts, URLs and headers: by their values and by their names.

By value: every secret of the run, also URL-encoded, base64-encoded (alone or inside a longer
text), JSON-, HTML- and Python-escaped. A value shorter than six characters, of one repeated
character, or an everyday word (`secret_forms.COMMON_VALUES`) is not masked by value, since it
would mask ordinary text; its name still masks it.
By name: query parameters, headers, JSON keys, ``key=value`` and ``key: value`` in free text
(`secret_names`), credentials after an authentication scheme, user information in URLs, Kusto's
hidden strings (``h@"..."``); and by shape, where vendors give their keys one.
"""

import re
import string
from collections.abc import Iterable, Mapping, Sequence

from connector_healing.core.secret_forms import forms
from connector_healing.core.secret_names import is_secret_name

MASK = "***"

#: `Redactor.excerpt` reads no further than this many characters.
EXCERPT_SCAN = 1_000_000

_MAX_PASSES = 8
_NAME_LENGTH = 64

# It begins with a set of letters, which the engine scans for fast, and has no repetition before
# the word: what stands before is looked up in the callback, so that long words cost no more.
_NAMED = re.compile(
    r"""[abcjkpstvABCJKPSTV](?:(?<=[tT])(?i:oken)|(?<=[kK])(?i:ey(?:[_-]?id)?)
        |(?<=[sS])(?i:ecret|ig(?:nature)?|id|ess(?:ion)?[_-]?id)
        |(?<=[pP])(?i:ass(?:word|wd|phrase)?|wd)|(?<=[aA])(?i:ssertion|uthorization)
        |(?<=[cC])(?i:ookie|redential)|(?<=[jJ])(?i:wt)|(?<=[vV])(?i:erifier)|(?<=[bB])(?i:earer))
        (?P<quote>\\?["'])?[ \t]{0,3}(?P<separator>=>|[=:])[ \t]{0,3}
        (?P<value>\\"[^"\\]*\\"|b?"(?:[^"\\]|\\.)*"?|b?'(?:[^'\\]|\\.)*'?
        |(?(quote)[^\s"'&,;<>{}\[\]()\\]+|[^\s"'&,;<>{\[\\][^\s"'&,;<>\\]*))""",
    re.VERBOSE | re.DOTALL,
)
_NAME_CHARACTERS = string.ascii_letters + string.digits + "_.-"
_FIRST_WORDS = ("api ", "app ", "application ", "access ", "account ", "private ", "shared ")
_PARAMETER = re.compile(r"([?&#][A-Za-z0-9_.\-%\[\]]{1,64})=([^&;\s\"'<>#\\]+)")
_WHOLE_LINE = re.compile(
    r"([acAC](?:(?<=[aA])(?i:uthorization)|(?<=[cC])(?i:ookie)):[ \t]*)([^\s\"'][^\r\n\"']*)"
)
_USER_INFORMATION = re.compile(r"://[^\s/?#\"'<>\\]{1,400}@")
_SCHEME = re.compile(
    r"([abdstABDST](?:(?<=[bB])(?i:earer|asic)|(?<=[tT])(?i:oken)|(?<=[dD])(?i:igest)"
    r"|(?<=[aA])(?i:pikey|ws4-hmac-sha256)|(?<=S)(?:haredKey|SWS))[ ]{1,3})"
    r"(?=[^\s\"',;<>\\]*[0-9]|[^\s\"',;<>\\]{16})[^\s\"',;<>\\]{6,}"
)
_KUSTO_HIDDEN = re.compile(r"([hH](?<!\w[hH])@?)(\\?[\"'])((?:(?!\2)[^\n])*)\2")
#: Keys that vendors mint with a shape of their own (JWT: RFC 7519; PEM: RFC 7468; the vendors'
#: prefixes as detect-secrets 1.5 knows them).
_SHAPES = re.compile(
    r"eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)"
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|xox[abprs]-[A-Za-z0-9\-]{10,}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|A(?:KI|SI)A[A-Z0-9]{16}|AIza[A-Za-z0-9_\-]{35})",
    re.DOTALL,
)
_SHAPE_HINTS = (
    *("eyJ", "PRIVATE KEY", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox"),
    *("k_live_", "k_test_", "AKIA", "ASIA", "AIza"),
)
_SCHEME_HINTS = ("bearer", "basic", "token", "digest", "apikey", "sharedkey", "ssws", "aws4-")


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
            self.text(str(name)): MASK if is_secret_name(str(name)) else self.text(str(value))
            for name, value in headers.items()
        }

    def _once(self, text: str) -> str:
        # Looking for a plain word costs a hundredth of looking for a pattern.
        text = self._without_values(text)
        lower = text.lower()
        if "://" in text:
            text = _USER_INFORMATION.sub(f"://{MASK}@", text)
        if any(hint in text for hint in _SHAPE_HINTS):
            text = _SHAPES.sub(MASK, text)
        text = _KUSTO_HIDDEN.sub(rf"\1\2{MASK}\2", text)
        if "authorization:" in lower or "cookie:" in lower:
            text = _WHOLE_LINE.sub(rf"\1{MASK}", text)
        if any(hint in lower for hint in _SCHEME_HINTS):
            text = _SCHEME.sub(rf"\1{MASK}", text)
        if "=" in text:
            text = _PARAMETER.sub(_masked_parameter, text)
        return _NAMED.sub(_masked_named, text)

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
    if is_secret_name(match.group(1)[1:], in_query=True):
        return f"{match.group(1)}={MASK}"
    return match.group()


def _masked_named(match: re.Match[str]) -> str:
    """One ``name: value``, its value masked in its own quotes if the whole name is secret."""
    whole, value = match.group(), match["value"]
    start = match.start()
    word = whole[: match.start("separator") - start].rstrip(" \t\"'\\")
    name = _name_before(match.string[max(0, start - _NAME_LENGTH) : start]) + word
    if not is_secret_name(name):
        return whole
    head = whole[: match.start("value") - start]
    return head + _masked_value(value, json_key=(match["quote"] or "").endswith('"'))


def _name_before(text: str) -> str:
    """The part of a name that ends a text: of ``{"stripe_api_`` it is ``stripe_api_``."""
    rest = text.rstrip(_NAME_CHARACTERS)
    name = text[len(rest) :]
    if name or not rest.endswith(" "):
        return name
    return next((w for w in _FIRST_WORDS if rest.lower().endswith(w)), "")


def _masked_value(value: str, *, json_key: bool) -> str:
    if value in {"null", "true", "false", "None", "True", "False", MASK}:
        return value
    for opening in ('\\"', 'b"', "b'", '"', "'"):
        if value.startswith(opening):
            closing = opening.removeprefix("b")
            closed = len(value) > len(opening) and value.endswith(closing)
            return f"{opening}{MASK}{closing if closed else ''}"
    # A bare number under a JSON key: the text must stay JSON.
    return f'"{MASK}"' if json_key else MASK
