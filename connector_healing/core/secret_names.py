"""Names under which secrets travel: of headers, query parameters, JSON keys and settings.

A name is compared in lower case without separators, so that ``X-Api-Key``, ``x_api_key`` and
``xApiKey`` are one. Some last words (``CRM_PASS``, ``X-Session``, ``crm_auth``) are credentials
in one place and data in another: a column ``session`` of a record must reach the sandbox as it
is, while a header ``X-Session`` is a login. `_LAST_WORDS` says for each in which places the name
is enough, and in which the value has to look like a secret too.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from connector_healing.core.secret_looks import is_number, is_plain

#: Names that are secret wherever they stand, and in any longer name that ends with them
#: (``stripe_api_key``). Sources: RFC 6749 and RFC 6750 (client_secret, refresh_token,
#: access_token, assertion, password), RFC 9110 and RFC 6265 (authorization,
#: proxy-authorization, cookie, set-cookie), RFC 7523 (client_assertion), AWS Signature Version 4
#: (X-Amz-Signature, X-Amz-Credential, X-Amz-Security-Token), Google Cloud signed URLs
#: (X-Goog-Signature, X-Goog-Credential), Azure storage keys (AccountKey, SharedAccessKey, sasKey),
#: KustoOptions of the Kusto connector for Spark 7.1.1 (keyVaultPemFileKey), Confluent's schema
#: registry client (basic.auth.user.info),
#: Azure Functions (x-functions-key), Kusto connection strings (AppKey, Application Key), the
#: keyword list of detect-secrets 1.5 (secret, passphrase, private_key, apikey), libpq (password)
#: and ODBC (Pwd).
SECRET_ENDINGS = (
    *("accesskey", "accesskeyid", "accesskeys", "accesstokens", "accountkey", "accountkeys"),
    *("apikey", "apikeys", "apitokens", "appkey", "applicationkey", "assertion", "authkey"),
    *("authorization", "authtokens", "basicauthuserinfo", "bearertokens", "clientkey"),
    "connectionstring",
    *("connectionstrings", "connstr", "connstring", "consumerkey", "cookie", "cookies"),
    *("credential", "encryptionkey", "functionkey", "functionskey", "jwt", "masterkey"),
    *("keyvaultpemfilekey", "saskey", "saskeys"),
    *("passcode", "passcodes", "passphrase", "passwd", "password", "passwords", "privatekey"),
    *("privatekeys", "pwd", "refreshtokens", "secret", "secretkey", "secretkeys"),
    *("sharedaccesskey", "sharedaccesssignature", "sharedkey", "signature", "signingkey"),
    *("storagekey", "subscriptionkey", "token"),
)

#: Names that are secret only when they are the whole name. Sources: Azure shared access
#: signatures (sig), RFC 6749 (code_verifier), vendors' headers; KustoSinkOptions and
#: KustoSourceOptions of the connector 7.1.1 whose values carry signatures.
SECRET_NAMES = frozenset(
    {
        *("bearer", "codeverifier", "jsessionid", "pass", "phpsessid", "sig"),
        *("ingestionstorageparameters", "kustoingestionstoragecontainer", "transientstorage"),
    }
)

#: Query parameters that are secret there, though a record's field of the same name is not.
#: Sources: Google APIs (key), RFC 6749 (code), vendors' APIs (auth, appid of OpenWeather).
SECRET_PARAMETERS = frozenset({"key", "code", "auth", "appid"})


class Place(StrEnum):
    """Where a name stands."""

    SETTING = "setting"  #: An environment variable, an argument, ``name=value`` in a text.
    HEADER = "header"
    PARAMETER = "parameter"  #: Of a URL.
    FIELD = "field"  #: A key of JSON, a column: it may be data, which must not change.
    TEXT = "text"  #: ``name: value`` in a text for people.


_SENT = frozenset({Place.SETTING, Place.HEADER, Place.PARAMETER})
_SHOWN = frozenset({Place.FIELD, Place.TEXT})
_EVERYWHERE = frozenset(Place)
_NOWHERE: frozenset[Place] = frozenset()

#: By last word: places in which the name is enough, places in which the value decides.
_LAST_WORDS: Mapping[str, tuple[frozenset[Place], frozenset[Place]]] = {
    "auth": (frozenset({Place.HEADER}), _EVERYWHERE),
    "credentials": (frozenset({Place.HEADER, Place.PARAMETER, Place.FIELD}), _EVERYWHERE),
    "creds": (frozenset({Place.HEADER, Place.PARAMETER, Place.FIELD}), _EVERYWHERE),
    "key": (_NOWHERE, frozenset({Place.HEADER})),
    "otp": (_SENT, frozenset({Place.TEXT})),
    "pass": (_SENT, _SHOWN),
    "pat": (_SENT, _SHOWN),
    "secrets": (frozenset({Place.HEADER, Place.PARAMETER, Place.FIELD}), _EVERYWHERE),
    "session": (frozenset({Place.HEADER}), _EVERYWHERE - {Place.FIELD}),
    "sessionid": (_SENT | {Place.TEXT}, _NOWHERE),
    "tokens": (_NOWHERE, _EVERYWHERE),
    "totp": (_SENT, frozenset({Place.TEXT})),
}
#: Under these a number may be a secret; a session or a count of tokens is data.
_CODES = ("otp", "pass", "pat")
#: Programs write some names in one word (libpq's PGPASS, Compose files' DBPASS).
_ONE_WORD = re.compile(r"(?:db|pg|my|sql|ftp|smtp|imap|ldap|user|admin|root|login|http)pass$")
#: Passes that are no passwords, and keys of a header that are none, by the word before.
_ORDINARY = re.compile(
    r"(?:boarding|season|day|week|month|year|annual|first|second|third|last|final|single|multi"
    r"|test|ski|bus|train|rail|travel|transit|hall|high|low|band|all|forward|back|guest|visitor"
    r"|lift|event|park|free|monthly|daily|satellite|mountain|key|by)pass$"
    r"|(?:idempotency|cache|partition|routing|sort|dedup|deduplication|surrogate|primary|object"
    r"|message|websocket|public|event|rate|limit|group|foreign|index|row|record)key$"
)

#: Settings of Hadoop's Azure file systems, which end with an account's host; those of providers
#: and of endpoints are no secrets. Source: ConfigurationKeys of hadoop-azure 3.4.
_AZURE_FILES = re.compile(
    r"fs\.azure\.(?:account\.(?:key|oauth2\.(?:client\.secret|user\.password"
    r"|refresh\.token(?!\.endpoint)))|sas(?!\.token\.provider))(?:\.|$)",
    re.IGNORECASE,
)

#: ``..._token`` that names a position in a feed, or a complaint about a token: no secret.
_NOT_SECRET = re.compile(
    r"(?:page|pagination|next|prev|previous|continuation|cursor|sync|delta|skip|resume|start"
    r"|invalid|expired|missing|unexpected|unknown|bad)(?:api|access|page|auth|refresh)?(?:token|key)s?$"
)
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_LAST_WORD = re.compile(r"(?:[A-Z]+|[A-Z]?[a-z]+)$")
#: What settings add to a name to tell several of them apart.
_VARIANT = re.compile(
    r"(?:[_.-]?\d+|[_.-](?:prod|production|dev|test|staging|stage|live|sandbox|old|new|primary"
    r"|secondary|backup|b64|base64|value))$",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def is_secret_name(name: str, place: Place = Place.FIELD) -> bool:
    """Whether whatever stands under this name must not be seen.

    Args:
        name: Of a header, parameter, key or setting; a dotted or prefixed one counts by its end.
        place: Where it stands; in a record's field only clear credentials are secret by name.
    """
    name = _without_variant(name, place)
    plain = _SEPARATORS.sub("", name.lower())
    if plain in SECRET_NAMES or (place is Place.PARAMETER and plain in SECRET_PARAMETERS):
        return True
    if _AZURE_FILES.search(name):
        return True
    if _NOT_SECRET.search(plain):
        return False
    return plain.endswith(SECRET_ENDINGS) or place in _places(name, plain)[0]


@lru_cache(maxsize=8192)
def may_be_secret(name: str, place: Place = Place.FIELD) -> bool:
    """Whether what stands under this name is a secret, always or when it looks like one."""
    if is_secret_name(name, place):
        return True
    name = _without_variant(name, place)
    plain = _SEPARATORS.sub("", name.lower())
    return place in _places(name, plain)[1] and not _NOT_SECRET.search(plain)


def hides(name: str, value: str, place: Place = Place.FIELD) -> bool:
    """Whether this value under this name must not be seen."""
    if is_secret_name(name, place):
        return True
    if not may_be_secret(name, place):
        return False
    if is_number(value) and not name.lower().endswith(_CODES):
        return False
    return not is_plain(value)


def _without_variant(name: str, place: Place) -> str:
    return _VARIANT.sub("", name) if place is Place.SETTING else name


def _places(name: str, plain: str) -> tuple[frozenset[Place], frozenset[Place]]:
    """Where this name is secret, and where it is by its value."""
    if _ORDINARY.search(plain):
        return _NOWHERE, _NOWHERE
    if plain == "sid" or plain.endswith("sessionid"):
        return _LAST_WORDS["sessionid"]
    if _ONE_WORD.search(plain):
        return _LAST_WORDS["pass"]
    word = _LAST_WORD.search(name.rstrip("_.- []"))
    return _LAST_WORDS.get(word.group().lower() if word else "", (_NOWHERE, _NOWHERE))
