"""Files with the user's own rules for the classifier."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from connector_healing.core.logs.user_rules import UserRule, read_rules
from connector_healing.errors import UsageError

MAX_BYTES = 1_000_000


class _NotAllowedError(yaml.MarkedYAMLError):
    """YAML that rules are not written in."""


class _RulesLoader(yaml.SafeLoader):
    """Without aliases, which may stand for more than fits anywhere, and repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _NotAllowedError(
                problem="an alias, which rules do not have", problem_mark=self.get_mark()
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise _NotAllowedError(
                    problem="a key that stands twice in one mapping", problem_mark=key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


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
        # It builds the plain values that yaml.SafeLoader builds, and fewer of them.
        value = yaml.load(text, _RulesLoader)  # noqa: S506
    except _NotAllowedError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError("rules file", where, f"At line {line}: {error.problem}.") from error
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "rules file", where, "A date or a number in it is none: put it in quotes."
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(
            "rules file", where, f"It is no YAML{place}: a list of rules is."
        ) from error
    return read_rules(value, where)
