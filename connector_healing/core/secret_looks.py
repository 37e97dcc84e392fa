"""How secrets look, for places where a name or a phrase alone does not tell."""

import re

#: Values that stand in ordinary text; where one is a secret, its name masks it.
COMMON_VALUES = frozenset(
    {
        *("access", "account", "airflow", "anonymous", "apikey", "aws4-hmac-sha256", "basic"),
        *("bearer", "changeme", "client", "client_credentials", "cookie", "dagster", "database"),
        *("default", "digest", "disabled", "dlt_data", "duckdb", "enabled", "example", "false"),
        *("header", "hmac-sha256", "kerberos", "localhost", "oauth1", "oauth2", "openid"),
        *("optional", "password", "plaintext", "postgres", "production", "public", "required"),
        *("scram-sha-256", "scram-sha-512", "secret", "select", "service", "session", "sha256"),
        *("staging", "string", "ubuntu", "unknown", "username"),
        *("application/json", "application/xml", "application/x-www-form-urlencoded"),
        *("application/octet-stream", "text/plain", "text/html", "text/csv", "gzip, deflate"),
    }
)

_SHORT_NUMBER = 6  #: Digits from which on a number may be a code that was given out.
_WORDS = 20  #: Letters up to which a value without digits is taken for a word.
_MINTED = 8  #: What machines mint is at least as long.

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_WORDLIKE = re.compile(r"[^\W\d_]+(?:[ _\-.,/][^\W\d_]+)*[.!?]?")
_PATH = re.compile(r"(?:/|~/|\.{1,2}/|[A-Za-z]:[\\/])[\w.~ \-]+(?:[\\/][\w.~ \-]+)+")
#: A word, a year, a version, a day, a short number: the pieces of names that people give.
_PIECE = re.compile(r"(?:v?\d{1,4}|[A-Za-z]+|[A-Za-z]{2,}\d{1,4})")
_BETWEEN = re.compile(r"[\s_\-.,:;/+]+")

_LETTERS = re.compile(r"[A-Za-z][a-z'-]*|[A-Z]+")
#: What follows the name of an authentication scheme in prose, beyond words with these endings.
_PROSE_ENDINGS = re.compile(
    r"(?:ed|ing|ion|ions|ment|ity|able|ible|ance|ence|al|ier|er|ers|or|ors|ive|ure|ures|ly|est"
    r"|int|ints|ry|ise|ize|ase|ust|age|ish|ium|ial|ials|less|ness|ous|ant|ent|ical|ism|ist)$",
    re.IGNORECASE,
)
_PROSE = frozenset(
    {
        *("access", "against", "analysis", "because", "before", "between", "bucket", "cannot"),
        *("claims", "create", "domain", "enough", "exists", "expires", "expiry", "failure"),
        *("format", "grants", "header", "headers", "invalid", "length", "limit", "limits"),
        *("lifetime", "method", "methods", "missing", "object", "prefix", "refresh", "rejects"),
        *("scheme", "schemes", "scopes", "secret", "should", "source", "stream", "string"),
        *("strings", "subject", "system", "through", "tokens", "undefined", "unknown", "update"),
        *("usage", "values", "window", "within", "without", "yields"),
    }
)


def is_number(value: str) -> bool:
    """Whether a value is a number and nothing else."""
    return bool(_NUMBER.fullmatch(value))


def is_plain(value: str) -> bool:
    """Whether a value is what stands under a doubtful name when it is no secret.

    That is a short number, a word or some words, a path, nothing at all.
    """
    if len(value) < _MINTED // 2 or value.strip("*") == "" or value.lower() in COMMON_VALUES:
        return True
    if is_number(value):
        return len(value) < _SHORT_NUMBER
    if _PATH.fullmatch(value):
        return True
    longest = max(map(len, _BETWEEN.split(value)), default=0)
    return longest <= _WORDS and bool(_WORDLIKE.fullmatch(value))


def looks_minted(value: str) -> bool:
    """Whether a value looks like nothing that people name things by, but like a key."""
    if len(value) < _MINTED or value.lower() in COMMON_VALUES or _PATH.fullmatch(value):
        return False
    if any(c.isspace() for c in value.strip()) or value.strip("*") == "" or "://" in value:
        return False
    pieces = [piece for piece in _BETWEEN.split(value) if piece]
    return not is_number(value) and not all(
        len(piece) <= _WORDS and _PIECE.fullmatch(piece) for piece in pieces
    )


def is_prose(word: str) -> bool:
    """Whether a word after ``Bearer`` or ``--password`` is talk about it, not a credential."""
    bare = word.strip(".:!?()[]`")
    if not _LETTERS.fullmatch(bare):
        return bool(re.fullmatch(r"[a-z_]+=", bare))
    return bare.lower() in _PROSE or bool(_PROSE_ENDINGS.search(bare))
