"""Takes secrets out of a text by the words before them: schemes of authentication, options."""

import base64
import binascii
import re

from connector_healing.core.named_secrets import MASK
from connector_healing.core.secret_looks import is_plain, is_prose
from connector_healing.core.secret_names import Place, is_secret_name, may_be_secret

_SCHEME_HINTS = ("bearer", "basic", "token", "digest", "apikey", "sharedkey", "ssws", "aws4-")
_SCHEME = re.compile(
    r"([abdstABDST](?:(?<=[bB])(?i:earer|asic)|(?<=[tT])(?i:oken)|(?<=[dD])(?i:igest)"
    r"|(?<=[aA])(?i:pikey|ws4-hmac-sha256)|(?<=S)(?:haredKey|SWS)))([ ]{1,3})"
    r"([^\s\"',;<>\\]{6,})"
)
_LONG = 16  #: Characters from which on what follows a scheme is no word.
_SHORT = 6  #: And up to which it is one.
_MARKS = ".:!?()[]"
_DIGIT = re.compile(r"[0-9]")
_LOWER = re.compile(r"[a-z]{6,}")

# Name, what stands between (also of a list of arguments: ``"--token", "x"``), value.
_OPTION = re.compile(
    r"""(?<![\w-])--([A-Za-z][A-Za-z0-9_-]{0,60})(["'],[ \t]{0,3}|["']?[ \t]{1,3})"""
    r"""(?!-)("[^"\n]{1,400}"|'[^'\n]{1,400}'|[^\s"',;]+)"""
)
#: ``curl -u name:password``, also attached (``-uname:password``) and as a list's items.
_USER = re.compile(
    r"""(?<![\w-])(-[uU](?:["'],)?[= ]{0,3}|--(?:proxy-)?(?:user|userpwd)(?:["'],)?[= ]{1,3})"""
    r"""(["'])?([^\s:"'=/]{1,100}):(?!//)((?(2)[^"'\n]{1,400}|[^\s"',]{1,400}))"""
)
_USER_HINTS = ("-u", "-U", "--user", "--proxy-user")


def without_told(text: str, lower: str) -> str:
    """The text without what follows a scheme of authentication or a secret option.

    Args:
        text: As it is.
        lower: The same in lower case, roughly: it is looked through for hints.
    """
    if any(hint in lower for hint in _SCHEME_HINTS):
        text = _SCHEME.sub(_masked_scheme, text)
    if "--" in text:
        text = _OPTION.sub(_masked_option, text)
    if any(hint in text for hint in _USER_HINTS):
        text = _USER.sub(_masked_user, text)
    return text


def _masked_scheme(match: re.Match[str]) -> str:
    scheme, between, value = match.groups()
    if _DIGIT.search(value) or len(value) >= _LONG or _is_credential(scheme, value):
        return f"{scheme}{between}{MASK}"
    return match.group()


def _is_credential(scheme: str, value: str) -> bool:
    """Whether letters after a scheme are no prose; "token" and "basic" are also plain words."""
    kind = scheme.lower()
    if kind == "basic":
        return ":" in _decoded(value)
    if kind == "token":
        return (
            scheme[0] == "T"
            and bool(_LOWER.fullmatch(value.rstrip(_MARKS)))
            and not is_prose(value)
        )
    return kind == "bearer" and len(value.strip(_MARKS)) >= _SHORT and not is_prose(value)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _masked_option(match: re.Match[str]) -> str:
    name, between, value = match.groups()
    if not may_be_secret(name, Place.SETTING):
        return match.group()
    bare = value.strip("\"'")
    talk = is_prose(bare) if is_secret_name(name, Place.SETTING) else is_plain(bare)
    if talk or bare.lower().rstrip(".:") in _CONNECTING:
        return match.group()
    quote = value[0] if value[0] in "\"'" else ""
    return f"--{name}{between}{quote}{MASK}{quote}"


#: What follows an option's name in a sentence about it.
_CONNECTING = frozenset(
    {
        *("a", "an", "and", "arg", "argument", "as", "at", "but", "by", "can", "cannot", "does"),
        *("e.g", "else", "flag", "for", "from", "has", "if", "in", "instead", "into", "is", "it"),
        *("may", "must", "not", "of", "on", "option", "options", "or", "parameter", "requires"),
        *("should", "switch", "takes", "that", "the", "then", "to", "too", "use", "value", "was"),
        *("when", "will", "with", "|", "***"),
    }
)


def _masked_user(match: re.Match[str]) -> str:
    before, quote, user, password = match.groups()
    if user.isdecimal() and password.isdecimal():
        return match.group()  # ids of a user and a group
    return f"{before}{quote or ''}{user}:{MASK}"
