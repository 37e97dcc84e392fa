import pytest

from connector_healing.core.drift.flatten import Scalar
from connector_healing.core.drift.kinds import Kind, kind_of, moment_of, number_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, None),
        (True, Kind.BOOL),
        (7, Kind.INT),
        (7.5, Kind.NUMBER),
        (float("inf"), Kind.NUMBER),
        (1_700_000_000, Kind.EPOCH),
        (1_700_000_000_000, Kind.EPOCH),
        ("7.50", Kind.NUMERAL),
        ("2024-03-01T10:00:00Z", Kind.DATETIME),
        ("2024-03-01 10:00", Kind.DATETIME),
        ("2024-03-01", Kind.DATE),
        ("3.5s", Kind.DURATION),
        ("c03cd92f-2aa8-44f0-a0e9-e161fefc8e3d", Kind.UUID),
        ("3c62a91c5b55b6", Kind.TOKEN),
        ("https://a.example/b", Kind.URL),
        ("a.b@c.example", Kind.EMAIL),
        ("10.0.0.1", Kind.ADDRESS),
        ("projects/7/topics/x", Kind.PATH),
        ("EUR", Kind.CODE),
        ("IN_PROGRESS", Kind.CONSTANT),
        ("pending", Kind.WORD),
        ("two words", Kind.TEXT),
        ("x" * 5000, Kind.TEXT),
        (" ", Kind.EMPTY),
    ],
)
def test_a_value_has_a_look(value: Scalar, kind: Kind | None) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    "value",
    [
        "2023-11-14T22:13:20Z",
        "2023-11-14 22:13:20",
        "2023-11-14T23:13:20+01:00",
        1_700_000_000,
        1_700_000_000_000,
        "1700000000",
    ],
)
def test_one_moment_has_many_spellings(value: Scalar) -> None:
    assert moment_of(value) == 1_700_000_000


@pytest.mark.parametrize("value", ["2024-13-45T99:99:99Z", "soon", 12, True, None, 10**400])
def test_what_is_no_moment_is_none(value: Scalar) -> None:
    assert moment_of(value) is None


def test_a_number_too_large_is_none() -> None:
    assert number_of(10**400) is None
