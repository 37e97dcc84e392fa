from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.demo.api.exchange import Asked
from connector_healing.demo.api.paging import PAGINGS, BadParameterError, Page, PageRequest
from connector_healing.demo.api.rows import Row

ROWS = st.lists(st.integers(0, 50), max_size=40).map(
    lambda places: [
        Row((place, f"id{number}"), {"id": f"id{number}"})
        for number, place in enumerate(sorted(places))
    ]
)


def ask(style: str, rows: list[Row], limit: int, query: dict[str, str]) -> Page:
    asked = Asked(
        origin="http://host", path="/v1/things", version="v1", endpoint="things", query=query
    )
    rows = sorted(rows, key=lambda row: row.key)
    return PAGINGS[style](PageRequest(asked=asked, rows=rows, envelope="things", limit=limit))


def following(style: str, page: Page, query: dict[str, str], limit: int) -> dict[str, str] | None:
    """The next request's parameters, found as a client finds them."""
    body = page.body
    if style == "cursor":
        cursor = body["meta"]["next_cursor"]
        return {"cursor": cursor} if cursor else None
    if style == "page":
        return {"page": str(body["page"] + 1)} if body["page"] < body["total_pages"] else None
    if style == "offset":
        offset = int(query.get("offset", "0")) + limit
        return {"offset": str(offset)} if offset < body["total"] else None
    url = body["next"] if style == "next" else _linked(page.headers["Link"])
    return dict(parse_qsl(urlsplit(url).query)) if url else None


def _linked(header: str) -> str | None:
    for part in header.split(", "):
        url, _, relation = part.partition("; ")
        if relation == 'rel="next"':
            return url.strip("<>")
    return None


@pytest.mark.parametrize("style", PAGINGS)
@given(ROWS, st.integers(1, 15))
def test_every_row_is_handed_out_once(style: str, rows: list[Row], limit: int) -> None:
    query: dict[str, str] | None = {}
    found: list[str] = []
    while query is not None:
        page = ask(style, rows, limit, query)
        records = page.body if style == "link" else page.body["things"]
        assert len(records) <= limit
        assert records or not rows
        found += [record["id"] for record in records]
        assert len(found) <= len(rows)
        query = following(style, page, query, limit)
    assert sorted(found) == sorted(row.record["id"] for row in rows)


@given(ROWS.filter(lambda rows: len(rows) > 2))
def test_a_cursor_holds_its_place_when_rows_come_and_go(rows: list[Row]) -> None:
    rows.sort(key=lambda row: row.key)
    first = ask("cursor", rows, 2, {})
    # The row that the cursor stands on was corrected meanwhile, and so went to the end.
    corrected = [*rows[:1], *rows[2:], Row((99, rows[1].key[1]), rows[1].record)]
    second = ask("cursor", corrected, 100, {"cursor": first.body["meta"]["next_cursor"]})
    expected = [row.record["id"] for row in rows[2:]] + [rows[1].record["id"]]
    assert [record["id"] for record in second.body["things"]] == expected


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"page": "-1"}])
def test_a_bad_page_number_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadParameterError, match="page"):
        ask("page", [], 5, query)


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24=", "WzFd"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadParameterError, match="cursor"):
        ask("cursor", [Row((1, "a"), {"id": "a"})], 5, {"cursor": cursor})
