"""The tests lie as what they test lies."""

from connector_healing_tests.architecture.sources import PACKAGE, TESTS

#: Folders that test no one part.
OF_THE_WHOLE = {
    "architecture": "rules that every part keeps",
    "benchmarks": "measures",
    "browser": "the Dagster UI as a person sees it",
    "readme": "what the README tells to type",
}
#: Packages that others test through their own doors.
TESTED_ELSEWHERE = {
    "core/rules",
    "runtime/cassette",
    "store/migrations",
    "store/migrations/versions",
}


def packages() -> set[str]:
    return {str(p.parent.relative_to(PACKAGE)) for p in PACKAGE.rglob("__init__.py")} - {"."}


def folders() -> set[str]:
    return {str(p.parent.relative_to(TESTS)) for p in TESTS.rglob("*.py")} - {"."}


def test_each_folder_of_tests_is_a_package_of_the_product_or_of_the_whole() -> None:
    assert {f for f in folders() if f.partition("/")[0] not in OF_THE_WHOLE} - packages() == set()


def test_each_package_has_tests() -> None:
    tested = {str(p.parent.relative_to(TESTS)) for p in TESTS.rglob("test_*.py")}

    missing = packages() - TESTED_ELSEWHERE - tested
    assert missing == set()


def test_each_folder_of_tests_is_a_package() -> None:
    assert [f for f in sorted(folders()) if not (TESTS / f / "__init__.py").is_file()] == []


def test_what_is_tested_elsewhere_exists() -> None:
    assert packages() >= TESTED_ELSEWHERE
