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

#: A field of the sign-in's answer; elsewhere one of this name may be data.
_USER_CODE = re.compile(r"(user_code[\"':= ]{1,6})[A-Za-z0-9\-]{6,16}", re.IGNORECASE)


def masked_text(text: str, redactor: Redactor) -> str:
    """The text without secrets, also without codes that stand for a sign-in."""
    text = redactor.text(text)
    if "user_code" in text.lower():
        text = _USER_CODE.sub(rf"\g<1>{MASK}", text)
    return text


def secret_values(case: KustoCase) -> Iterable[str]:
    """The values of the options that hold secrets."""
    for name, value in case.options.items():
        if value and is_secret_option(name):
            yield value


def is_secret_option(name: str) -> bool:
    """Whether an option's value must not be seen."""
    return is_secret_name(name)


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
