"""Takes the secrets out of a case before anything reads it.

The connector logs secrets itself: at DEBUG the hidden strings ``h@"..."`` of an export with their
``sig=``, and the device code that stands for a sign-in (facts of connector 7.1.1).
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from connector_healing.core.kusto.case import KustoCase
from connector_healing.core.redaction import MASK, Redactor
from connector_healing.core.secret_names import is_secret_name

#: Options whose values are secrets though their names do not say so, lower case. Source:
#: KustoOptions, KustoSinkOptions and KustoSourceOptions of connector 7.1.1.
SECRET_OPTIONS = frozenset(
    {
        "accesstoken",
        "keyvaultappkey",
        "kustoaadappsecret",
        "kutoaadappcertpassword",
        "kustoaadappcertpassword",
        "kustoingestionstoragecontainer",
        "ingestionstorageparameters",
        "keyvaultpemfilekey",
        "transientstorage",
    }
)

_DEVICE_CODE = re.compile(
    r"(enter the code:?[ ]{0,3}|user_code[\"':= ]{1,6})[A-Za-z0-9\-]{6,16}", re.IGNORECASE
)
_DEVICE_HINTS = ("enter the code", "user_code")
_QUOTED_SAS = re.compile(r"(sig(?:=|%3[dD]))[^&\s\"'<>;,)]{1,4000}")
_APP_KEY = re.compile(
    r"((?:application|app)[ ]?key[ ]{0,2}=[ ]{0,2})[^;\s\"']{1,4000}", re.IGNORECASE
)
_TOKEN = re.compile(
    r"(access[_ ]?token[\"']?[ ]{0,2}(?:=|:|->)[ ]{0,2}[\"']?)[^\s\"',;)}]{4,16000}", re.IGNORECASE
)


def masked_text(text: str, redactor: Redactor) -> str:
    """The text without secrets, by the redactor and by the connector's own forms."""
    text = redactor.text(text)
    lower = text.lower()
    if any(hint in lower for hint in _DEVICE_HINTS):
        text = _DEVICE_CODE.sub(rf"\g<1>{MASK}", text)
    if "sig=" in text or "sig%3" in text:
        text = _QUOTED_SAS.sub(rf"\g<1>{MASK}", text)
    if "key" in lower:
        text = _APP_KEY.sub(rf"\g<1>{MASK}", text)
    if "token" in lower:
        text = _TOKEN.sub(rf"\g<1>{MASK}", text)
    return text


def secret_values(case: KustoCase) -> Iterable[str]:
    """The values of the options that hold secrets."""
    for name, value in case.options.items():
        if value and is_secret_option(name):
            yield value


def is_secret_option(name: str) -> bool:
    """Whether an option's value must not be seen."""
    return name.lower() in SECRET_OPTIONS or is_secret_name(name)


def masked(case: KustoCase) -> KustoCase:
    """The case without secrets: nothing that is made of it can show one."""
    redactor = Redactor(secret_values(case))
    options = {
        masked_text(name, redactor): (
            MASK if value and is_secret_option(name) else value and masked_text(value, redactor)
        )
        for name, value in case.options.items()
    }
    return replace(
        case,
        id=masked_text(case.id, redactor),
        options=options,
        connector_version=masked_text(case.connector_version, redactor),
        spark_version=masked_text(case.spark_version, redactor),
        java_version=masked_text(case.java_version, redactor),
        cluster=masked_text(case.cluster, redactor),
        platform=masked_text(case.platform, redactor),
        libraries=tuple(masked_text(item, redactor) for item in case.libraries),
        user_text=masked_text(case.user_text, redactor),
        evidence=masked_text(case.evidence, redactor),
        answers={ask: masked_text(text, redactor) for ask, text in case.answers.items()},
    )
