"""What is known of a kind of failure whatever the case."""

from dataclasses import dataclass

from connector_healing.core.categories import FailureCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class SubcategoryFacts:
    """What is known of a subcategory whatever the case."""

    category: FailureCategory
    retryable: bool  #: The same request may succeed later, unchanged.
    human_needed: bool  #: A credential, permission, quota, machine or contract decision is needed.
    remedy: str  #: What to do, as a sentence to a person.


def facts(
    category: FailureCategory, remedy: str, *, retryable: bool = False, human: bool = False
) -> SubcategoryFacts:
    """One row: neither flag means that a patch of the code helps."""
    return SubcategoryFacts(
        category=category, retryable=retryable, human_needed=human, remedy=remedy
    )
