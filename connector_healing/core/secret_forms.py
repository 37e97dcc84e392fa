"""The forms in which secrets stand in a text: encodings of a known one, ways to write others.

`forms` says how one known value can stand there. `without_forms` masks values that nobody knows
by the way they are written: keys with a vendor's shape, web hooks, Scala's maps
(``name -> value``, ``Some(value)``), encoded parameters (``name%3Dvalue``), XML elements,
passwords in addresses, and sentences (``password is ...``).
"""

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote

from connector_healing.core.named_secrets import MASK
from connector_healing.core.secret_looks import COMMON_VALUES, is_plain, is_prose, looks_minted
from connector_healing.core.secret_names import Place, hides, is_secret_name, may_be_secret
from connector_healing.core.secret_parts import embedded_secrets

#: A shorter value would mask ordinary text everywhere.
MIN_LENGTH = 6

_LINE = 20  #: A line of a key file at least as long is a secret of its own.
_INNER = 8  #: Characters of base64 that are enough to be told from chance.
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def is_maskable(value: str) -> bool:
    """Whether a value is long and rare enough to be masked wherever it stands."""
    return (
        len(value) >= MIN_LENGTH
        and len(set(value)) > 1
        and value.lower() not in COMMON_VALUES
        and value.strip("*") == value
    )


def forms(value: str) -> Iterator[str]:
    """Every text that stands for a secret: its parts, each as it is and encoded."""
    for part in _parts(value):
        if is_maskable(part):
            yield from _encodings(part)


def _parts(value: str) -> Iterator[str]:
    """The value, the lines of a key file, the passwords of an address or a connection string."""
    yield value
    stripped = value.strip()
    if stripped != value:
        yield stripped
    if "\n" in stripped:
        for line in stripped.splitlines():
            bare = line.strip()
            if len(bare) >= _LINE and not bare.startswith("-----"):
                yield bare
    for embedded in embedded_secrets(stripped):
        yield embedded
        yield unquote(embedded)


def _encodings(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield html.escape(value)
    yield repr(value)[1:-1]
    for ascii_only in (True, False):
        escaped = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
        yield json.dumps(escaped)[1:-1]  # JSON inside a JSON string
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield encoded
        yield quote(encoded, safe="")
        yield _PERCENT.sub(lambda m: m.group().lower(), encoded)
    yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """Base64 of the value alone, and its part of the base64 of a longer text.

    Base64 turns three bytes into four characters, so there are three ways in which a value can
    lie in a longer one; the characters that its neighbours share are left out.
    """
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        yield quote(whole, safe="")
        for before in range(3):
            inner = encode(b"\0" * before + raw).decode().rstrip("=")
            first = (before * 8 + 5) // 6
            last = (before + len(raw)) * 8 // 6
            if last - first >= _INNER:
                yield inner[first:last]


#: Keys that vendors mint with a shape of their own, with what tells that a text may hold one
#: (the vendors' prefixes as detect-secrets 1.5 and the vendors' own pages on secret scanning
#: name them). Where a prefix is also a word's beginning, a digit or a capital has to follow.
_MINTED = (
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{30,}"),
    (("github_pat_",), r"github_pat_\w{30,}"),
    (("xox",), r"xox[abprs]-[A-Za-z0-9\-]{10,}"),
    (("xapp-",), r"xapp-\d-[A-Za-z0-9\-]{10,}"),
    (("sk_live_", "sk_test_"), r"sk_(?:live|test)_[A-Za-z0-9]{10,}"),
    (("rk_live_", "rk_test_"), r"rk_(?:live|test)_[A-Za-z0-9]{10,}"),
    (("AKIA", "ASIA"), r"A(?:KI|SI)A[A-Z0-9]{16}"),
    (("AIza",), r"AIza[A-Za-z0-9_\-]{35}"),
    (
        ("sk-",),
        (
            r"sk-(?:(?:proj|ant|svcacct|admin|or)-(?=[A-Za-z_\-]{0,80}\d)[A-Za-z0-9_\-]{8,}"
            r"|(?=[A-Za-z]{0,80}\d)[A-Za-z0-9]{20,})"
        ),
    ),
    (
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"),
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-(?=[A-Za-z_\-]{0,80}\d)[A-Za-z0-9_\-.]{12,}",
    ),
    (("hf_",), r"hf_(?=[a-z]{0,80}[A-Z0-9])[A-Za-z0-9]{14,}"),
    (("npm_",), r"npm_(?=[a-z]{0,80}[A-Z0-9])[A-Za-z0-9]{14,}"),
    (("ya29.",), r"ya29\.[A-Za-z0-9_\-.]{10,}"),
    (("dapi",), r"dapi(?=[A-Za-z]{0,80}\d)[A-Za-z0-9]{14,}(?:-\d)?"),
    (("shpat_", "shpca_", "shppa_", "shpss_"), r"shp(?:at|ca|pa|ss)_[A-Za-z0-9]{14,}"),
    (
        ("SG.",),
        r"SG\.(?=[A-Za-z_\-]{0,80}\d)[A-Za-z0-9_\-]{12,}(?:\.[A-Za-z0-9_\-]{12,})?",
    ),
    (
        ("pypi-",),
        r"pypi-(?:Ag[A-Za-z0-9_\-]{12,}|(?=[a-z]{0,80}[A-Z0-9])[A-Za-z0-9]{14,}[A-Za-z0-9_\-]*)",
    ),
)
_SHAPE_HINTS = ("eyJ", "PRIVATE KEY", ":AA", *(hint for hints, _ in _MINTED for hint in hints))
#: Besides them a JWT (RFC 7519), PEM (RFC 7468) and a Telegram bot's token. Every alternative
#: begins with a letter, for which the engine scans fast; what may not precede it comes after.
_SHAPES = re.compile(
    r"eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)"
    r"|:(?<=\d{8}:)AA[A-Za-z0-9_\-]{33}|"
    + "|".join(rf"{shape[0]}(?<!\w{shape[0]}){shape[1:]}" for _, shape in _MINTED),
    re.DOTALL,
)
_SLASH = r"(?:/|\\/|%2[fF])"
#: Addresses that are secrets themselves: whoever knows one may post.
_HOOKS = re.compile(
    rf"(hooks\.slack(?:-gov)?\.com{_SLASH}(?:services|workflows|triggers){_SLASH}"
    rf"|discord(?:app)?\.com{_SLASH}api{_SLASH}(?:v\d{{1,2}}{_SLASH})?webhooks{_SLASH}"
    rf"|api\.telegram\.org{_SLASH}(?:file{_SLASH})?bot"
    rf"|\.webhook\.office\.com{_SLASH}webhookb2{_SLASH})"
    r"(?:\\/|[^\s\"'<>\\,;)?#&])+"
)
_HOOK_HINTS = ("hooks.slack", "discord", "api.telegram", "webhook.office")

#: A password with a slash; a port and a path's ``@`` are none.
_SLASHED = re.compile(
    r"://[^\s/?#\"'<>\\:@,]{0,100}:(?!\d{1,5}[/?#;,])[^\s\"'<>\\@/${][^\s\"'<>\\@]{0,400}@"
)
_ORACLE = re.compile(r"(jdbc:oracle:[a-z0-9]{1,10}:)[^\s/@\"'<>]{1,100}/[^\s\"'<>@]{1,400}@")

#: What stands between a name and its value in Scala's maps and in encoded texts.
_BETWEEN = re.compile(
    r"[-:=%](?:(?<=-)>[ \t]{0,3}|(?<=[:=])[ \t]{0,3}(?=Some\()"
    r"|(?<=%)(?:(?:25){0,2}22%)?(?:25){0,2}3[adAD](?:%(?:25){0,2}2[02]|\+){0,2})"
)
_BETWEEN_HINTS = ("->", "some(", "%3d", "%3a", "%253", "%25253")
_WRITTEN_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,120}\Z")
_NAME_LENGTH = 120
_ENCODED_MARK = re.compile(r"(?:25){0,2}[0-9A-Fa-f]{2}")
_WRAPPED = r"Some\((?:[^()\n]{0,4000}\)|[^\s,]{0,4000})"
_QUOTED = r"\\?\"[^\"\\\n]{0,4000}(?:\\?\")?|'[^'\\\n]{0,4000}'?"
_AFTER_ARROW = re.compile(rf"{_WRAPPED}|{_QUOTED}|[^\s\"',;<>()\[\]{{}}\\]+")
_AFTER_ENCODED = re.compile(r"(?:(?!%(?:25){0,2}(?:22|26|3[bB]|7[dD]))[^\s&\"'<>;,)\\])+")
#: What stands for a value that is none: types of a signature, nothing.
_NO_VALUES = frozenset(
    {"none", "null", "nil", "str", "string", "bytes", "bool", "int", "option", "optional", MASK}
)

#: Settings whose names go on after the word that tells, or that have none.
_SETTING = re.compile(
    r"((?:fs\.azure\.(?:[A-Za-z0-9_.]|-(?!>)){1,200}+|basic[._]auth[._]user[._]info))"
    r"(\\?[\"']?[ \t]{0,3}(?:->|=>|[=:,]|<)?[ \t]{0,3}(?:Some\()?)"
    r"(\\?[\"'])?([^\s\"'<>,;(){}\\]+)",
    re.IGNORECASE,
)

_XML = re.compile(
    r"((?:<|&lt;)(?:[\w\-]{1,40}:)?([A-Za-z][\w.\-]{0,64})(?:[ \t][^<>&]{0,400})?(?:>|&gt;)"
    r"(?:<!\[CDATA\[)?)([^\s<>&\]][^<>\]]{0,8000}?)(?=(?:<|&lt;)\\?/|\]\]>)"
)
#: A property of Hadoop's site files.
_PROPERTY = re.compile(
    r"(<name>\s{0,20}([^\s<>]{1,200})\s{0,20}</name>\s{0,20}<value>)([^<>]{1,8000})"
)

#: Talk about a credential, with what may be one after it.
_TALK = re.compile(
    r"([kpstKPST](?:(?<=[kK])(?i:ey)|(?<=[pP])(?i:ass(?:word|phrase|code)|wd)"
    r"|(?<=[sS])(?i:ecret)|(?<=[tT])(?i:oken)))"
    r"(?P<link>(?:[ ](?:for|of)[ ](?:user[ ])?[\"']?[\w.@\-]{1,60}[\"']?)?"
    r"(?:[ ](?i:is|was|provided|given|supplied|used|received))?[ ]?:?[ ]{1,3})"
    r"(?P<quote>\\?[\"'`])?(?P<value>(?(quote)[^\"'`\n\\]{1,400}|[^\s\"'`,;<>\\]{1,4000}))"
)
_TALK_HINTS = ("key ", "password ", "passphrase ", "passcode ", "pwd ", "secret ", "token ")
_TALK_KEYS = re.compile(
    r"(?:api|app|application|account|access|shared|secret|storage|sas|subscription|function)"
    r"[ _\-]?\Z",
    re.IGNORECASE,
)
_TALK_SECRETS = re.compile(r"(?:client|app|application|api|aad|shared)[ _\-]?\Z", re.IGNORECASE)
_TALK_LOOK = 16  #: Characters before the word that say what key it is.
_PUNCTUATION = ".:!?()[]"
_PLACEHOLDER = ("{", "${", "%(", "[", "(", "$(", "=")
_TOLD = re.compile(r"(?:is|was|provided|given|supplied|used|received)[ ]?:?[ ]+\Z", re.IGNORECASE)

_DEVICE_CODE = re.compile(r"((?i:enter the code):?[ ]{1,3})[A-Z0-9\-]{6,16}\b")


def without_forms(text: str, lower: str) -> str:
    """The text without values that are written as secrets are.

    Args:
        text: As it is.
        lower: The same in lower case, roughly: it is looked through for hints.
    """
    if any(hint in text for hint in _SHAPE_HINTS):
        text = _SHAPES.sub(MASK, text)
    for hints, masked in _WRITTEN:
        if any(hint in lower for hint in hints):
            text = masked(text)
    return text


def _without_hooks(text: str) -> str:
    return _HOOKS.sub(_masked_hook, text)


def _masked_hook(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}"


def _without_addresses(text: str) -> str:
    return _ORACLE.sub(rf"\1{MASK}@", _SLASHED.sub(f"://{MASK}@", text))


def _without_between(text: str) -> str:
    pieces, done = [], 0
    for between in _BETWEEN.finditer(text):
        if between.start() < done:
            continue  # inside a value that is masked already
        if found := _written_value(text, between):
            start, end, shown = found
            pieces += [text[done:start], shown]
            done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _written_value(text: str, between: re.Match[str]) -> tuple[int, int, str] | None:
    """Where the value stands and what to show for it; None: as it is."""
    encoded = "%" in between.group()
    before = text[max(0, between.start() - _NAME_LENGTH) : between.start()].rstrip(" \t\"'\\")
    name = _WRITTEN_NAME.search(before)
    if name is None or (not encoded and before[: name.start()].endswith("/")):
        return None  # none, or a request and its answer: ``/oauth2/token -> HTTP 400``
    place, of_value = Place.SETTING, name.group().lstrip("-.")
    if encoded and before[: name.start()].endswith("%"):
        place, of_value = Place.PARAMETER, _ENCODED_MARK.sub("", of_value, count=1)
    if not may_be_secret(of_value, place):
        return None  # before the value is looked for, so that many names cost no more
    value = (_AFTER_ENCODED if encoded else _AFTER_ARROW).match(text, between.end())
    if value is None or _says_nothing(of_value, value.group(), encoded=encoded):
        return None
    shown = value.group()
    if not hides(of_value, unquote(shown.strip("\"'\\")), place):
        return None
    quote_mark = re.match(r"\\?[\"']", shown)
    opening = quote_mark.group() if quote_mark else ""
    closing = opening if len(shown) > len(opening) and shown.endswith(opening) else ""
    return value.start(), value.end(), f"{opening}{MASK}{closing}"


def _says_nothing(name: str, value: str, *, encoded: bool) -> bool:
    """Whether this is no value, or talk, as ``token -> expired``."""
    bare = value.strip("\"'\\")
    if bare.lower().rstrip(".:") in _NO_VALUES or set(bare) <= {"*"}:
        return True
    return not encoded and name.islower() and name.isalpha() and is_plain(bare)


def _without_settings(text: str) -> str:
    return _SETTING.sub(_masked_setting, text)


def _masked_setting(match: re.Match[str]) -> str:
    name, between, quote_mark, value = match.groups()
    if not is_secret_name(name, Place.SETTING) or value.lower() in _NO_VALUES:
        return match.group()
    if not re.search(r"[=:,>(]", between) and is_plain(value):
        return match.group()
    return f"{name}{between}{quote_mark or ''}{MASK}"


def _without_elements(text: str) -> str:
    return _PROPERTY.sub(_masked_element, _XML.sub(_masked_element, text))


def _masked_element(match: re.Match[str]) -> str:
    if hides(match[2], match[3], Place.FIELD):
        return f"{match[1]}{MASK}"
    return match.group()


def _without_talk(text: str) -> str:
    return _TALK.sub(_masked_talk, text)


def _masked_talk(match: re.Match[str]) -> str:
    word, link, value = match[1], match["link"], match["value"]
    quote_mark = match["quote"] or ""
    before = match.string[max(0, match.start() - _TALK_LOOK) : match.start()]
    if not _is_told(word.lower(), before, bool(_TOLD.search(link)), bool(quote_mark), value):
        return match.group()
    rest = "" if quote_mark else value[len(value.rstrip(_PUNCTUATION)) :]
    return f"{word}{link}{quote_mark}{MASK}{rest}"


def _is_told(word: str, before: str, told: bool, quoted: bool, value: str) -> bool:
    """Whether what follows a word for a credential is the credential itself.

    Args:
        word: In lower case.
        before: What stands before it.
        told: Whether a verb says that this is it.
        quoted: Whether it stands in quotation marks.
        value: What follows.
    """
    bare = value if quoted else value.strip(_PUNCTUATION)
    if value.startswith(_PLACEHOLDER) or bare.lower() in COMMON_VALUES or set(bare) <= {"*"}:
        return False
    if word in {"key", "secret"}:
        before_word = _TALK_KEYS if word == "key" else _TALK_SECRETS
        if not before_word.search(before):
            return False
        return not is_plain(bare) if told else looks_minted(bare)
    if word == "token":
        return told and looks_minted(bare)
    if quoted:
        return not (is_prose(bare) or (" " in bare and is_plain(bare)))
    return not is_plain(bare) if told else looks_minted(bare)


def _without_device_codes(text: str) -> str:
    return _DEVICE_CODE.sub(rf"\g<1>{MASK}", text)


#: Hints in lower case, one of which a text has to hold, and what masks the form.
_WRITTEN: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (_HOOK_HINTS, _without_hooks),
    (("://", "jdbc:oracle:"), _without_addresses),
    (_BETWEEN_HINTS, _without_between),
    (("fs.azure.", "auth.user.info", "auth_user_info"), _without_settings),
    (("</", "&lt;/", "<\\/"), _without_elements),
    (_TALK_HINTS, _without_talk),
    (("enter the code",), _without_device_codes),
)
