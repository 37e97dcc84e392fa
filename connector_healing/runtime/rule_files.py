"""Files with the user's own rules for the classifier."""

from pathlib import Path

import yaml

from connector_healing.core.logs.user_rules import UserRule, read_rules
from connector_healing.errors import UsageError

MAX_BYTES = 1_000_000


def rules_in(path: Path) -> tuple[UserRule, ...]:
    """The rules of a YAML file.

    Raises:
        UsageError: If it cannot be read, is no YAML, or a rule in it is wrong.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError("rules file", str(path), f"It has at most {MAX_BYTES} bytes.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "It is no UTF-8 text"
        raise UsageError("rules file", str(path), f"{reason}.") from error
    return rules_of_text(text, str(path))


def rules_of_text(text: str, where: str) -> tuple[UserRule, ...]:
    """The rules of a YAML text.

    Raises:
        UsageError: If it is no YAML, or a rule in it is wrong.
    """
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(
            "rules file", where, f"It is no YAML{place}: a list of rules is."
        ) from error
    return read_rules(value, where)
