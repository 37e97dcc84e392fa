"""Names under which secrets travel: of headers, query parameters, JSON keys and settings.

A name is compared in lower case without separators, so that ``X-Api-Key``, ``x_api_key`` and
``xApiKey`` are one.
"""

import re
from functools import lru_cache

#: Names that are secret wherever they stand, and in any longer name that ends with them
#: (``stripe_api_key``). Sources: RFC 6749 and RFC 6750 (client_secret, refresh_token,
#: access_token, assertion, password), RFC 9110 and RFC 6265 (authorization,
#: proxy-authorization, cookie, set-cookie), RFC 7523 (client_assertion), AWS Signature Version 4
#: (X-Amz-Signature, X-Amz-Credential, X-Amz-Security-Token), Google Cloud signed URLs
#: (X-Goog-Signature, X-Goog-Credential), Azure storage keys (AccountKey, SharedAccessKey),
#: Kusto connection strings (AppKey, Application Key), the keyword list of detect-secrets 1.5
#: (secret, passphrase, private_key, apikey), libpq (password) and ODBC (Pwd).
SECRET_ENDINGS = (
    "accesskey",
    "accesskeyid",
    "accountkey",
    "apikey",
    "appkey",
    "applicationkey",
    "assertion",
    "authkey",
    "authorization",
    "clientkey",
    "consumerkey",
    "cookie",
    "credential",
    "encryptionkey",
    "jwt",
    "masterkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sharedaccesskey",
    "sharedaccesssignature",
    "signature",
    "signingkey",
    "subscriptionkey",
    "token",
)

#: Names that are secret only when they are the whole name. Sources: Azure shared access
#: signatures (sig), RFC 6749 (code_verifier), vendors' headers.
SECRET_NAMES = frozenset(
    {"bearer", "codeverifier", "jsessionid", "pass", "phpsessid", "sessionid", "sid", "sig"}
)

#: Query parameters that are secret there, though a record's field of the same name is not.
#: Sources: Google APIs (key), RFC 6749 (code), vendors' APIs (auth, appid of OpenWeather).
SECRET_PARAMETERS = frozenset({"key", "code", "auth", "appid"})

#: ``..._token`` that names a position in a feed, or a complaint about a token: no secret.
_NOT_SECRET = re.compile(
    r"(?:page|pagination|next|prev|previous|continuation|cursor|sync|delta|skip|resume|start"
    r"|invalid|expired|missing|unexpected|unknown|bad)(?:api|access|page|auth|refresh)?(?:token|key)$"
)
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=4096)
def is_secret_name(name: str, *, in_query: bool = False) -> bool:
    """Whether what stands under this name must not be seen.

    Args:
        name: Of a header, parameter, key or setting; a dotted or prefixed one counts by its end.
        in_query: Whether it is a parameter of a URL, where ``key`` and ``code`` are secret too.
    """
    plain = _SEPARATORS.sub("", name.lower())
    if plain in SECRET_NAMES or (in_query and plain in SECRET_PARAMETERS):
        return True
    return plain.endswith(SECRET_ENDINGS) and not _NOT_SECRET.search(plain)
