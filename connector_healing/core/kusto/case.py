"""One case of the Kusto triage: what is known of a failed read or write."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from connector_healing.core.kusto.condensing import shortened
from connector_healing.core.kusto.encoding import sound
from connector_healing.core.kusto.vocabulary import Ask
from connector_healing.errors import UsageError

#: No text of a case is read further than this many characters; the head and the tail are kept.
TEXT_LIMIT = 16_000_000

_SHOWN = 80
_TEXTS = ("connector_version", "spark_version", "java_version", "cluster", "platform", "user_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class KustoCase:
    """What is known; everything in it is data of foreign origin."""

    id: str = ""
    options: Mapping[str, str | None] = field(default_factory=dict)
    options_complete: bool = False  #: Whether every option of the read or write stands there.
    connector_version: str = ""
    spark_version: str = ""
    java_version: str = ""
    cluster: str = ""
    platform: str = ""
    libraries: tuple[str, ...] = ()
    user_text: str = ""
    evidence: str = ""
    answers: Mapping[Ask, str] = field(default_factory=dict)  #: What a person said when asked.
    of_connector: bool = False  #: Whoever asks says that it is a job of the connector.

    def with_evidence(self, text: str) -> "KustoCase":
        """The case with more evidence behind what it has: a collected answer, a log."""
        return replace(self, evidence=f"{self.evidence}\n{text}" if self.evidence else text)


def case_from(value: object, *, where: str = "case") -> KustoCase:
    """The case that a JSON object describes.

    Args:
        value: ``{"id", "context": {"options", ...}, "evidence"}``.
        where: Names the input in an error's text, as ``line 3``.

    Raises:
        UsageError: A field has a type that cannot be used.
    """
    whole = _object(value, where)
    context = _object(_given(whole, "context"), f"{where}: context")
    texts = {name: _text(context.get(name), f"{where}: context.{name}") for name in _TEXTS}
    return KustoCase(
        id=_text(whole.get("id"), f"{where}: id"),
        options=options_from(_given(context, "options"), where=f"{where}: context.options"),
        options_complete=_boolean(
            context.get("options_complete"), f"{where}: context.options_complete"
        ),
        libraries=_texts(context.get("libraries"), f"{where}: context.libraries"),
        evidence=shortened(_text(whole.get("evidence"), f"{where}: evidence"), TEXT_LIMIT),
        connector_version=texts["connector_version"],
        spark_version=texts["spark_version"],
        java_version=texts["java_version"],
        cluster=texts["cluster"],
        platform=texts["platform"],
        user_text=texts["user_text"],
        answers=_answers(context),
    )


def _answers(context: Mapping[str, object]) -> dict[Ask, str]:
    """Facts of the vocabulary that the context states by their key: they are asked no more."""
    told = {ask: context.get(ask.value) for ask in Ask if ask.value not in _TEXTS}
    return {
        ask: str(value).lower() if isinstance(value, bool) else sound(str(value))
        for ask, value in told.items()
        if isinstance(value, str | int | float) and str(value).strip()
    }


def options_from(value: object, *, where: str = "options") -> dict[str, str | None]:
    """An option map as the connector gets it: names to texts.

    Raises:
        UsageError: It is no object, or a value is a list or an object.
    """
    found: dict[str, str | None] = {}
    for name, given in _object(value, where).items():
        if given is None:
            found[name] = None
        elif isinstance(given, bool):
            found[name] = str(given).lower()
        elif isinstance(given, str | int | float):
            found[name] = sound(str(given))
        else:
            raise UsageError(f"{where}.{name}", _kind(given), "A text, a number or a boolean.")
    return found


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise UsageError(where, _kind(value), "A JSON object.")
    return {sound(str(name)): item for name, item in value.items()}


def _given(whole: Mapping[str, object], name: str) -> object:
    """The value; nothing known where it is missing or null."""
    value = whole.get(name)
    return {} if value is None else value


def _text(value: object, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(where, _kind(value), "A text.")
    return sound(str(value))


def _texts(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise UsageError(where, _kind(value), "A list of texts.")
    return tuple(_text(item, where) for item in value)


def _boolean(value: object, where: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        shown = sound(value[:_SHOWN]) if isinstance(value, str) else _kind(value)
        raise UsageError(where, shown, "true or false.")
    return value


def _kind(value: object) -> str:
    """What a value is, without showing it: it may be a secret."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")
