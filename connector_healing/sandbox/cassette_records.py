"""The records in recorded answers."""

import json
from collections.abc import Iterator, Sequence

from connector_healing.runtime.cassette import Exchange, endpoint_template, read_cassette

#: How deep in an answer's objects a list of records is looked for.
_DEPTH = 4


def records_in(cassettes: Sequence[str], limit: int) -> Iterator[tuple[str, list[object]]]:
    """The records of each endpoint, page by page, at most `limit` of an endpoint.

    Args:
        cassettes: Paths of cassettes.
        limit: Records of one endpoint over all cassettes.

    Raises:
        UnreadableCassetteError: If a file is missing, cut short or no cassette.
    """
    left: dict[str, int] = {}
    for path in cassettes:
        for exchange in read_cassette(path):
            endpoint = endpoint_template(exchange.url)
            wanted = left.setdefault(endpoint, limit)
            found = _records(exchange)[:wanted] if wanted > 0 else []
            if found:
                left[endpoint] = wanted - len(found)
                yield endpoint, found


def _records(exchange: Exchange) -> list[object]:
    if exchange.truncated or not 200 <= exchange.status < 300:  # noqa: PLR2004  # good answers
        return []
    try:
        plain = json.loads(exchange.body)
    except ValueError:
        return []
    return largest_list(plain)


def largest_list(plain: object) -> list[object]:
    """The largest list of objects in an answer; an object without one is a record itself.

    The shallowest of equally large lists is taken.
    """
    best: list[object] = []
    level = [plain]
    for _ in range(_DEPTH):
        for one in level:
            if (
                isinstance(one, list)
                and len(one) > len(best)
                and all(isinstance(v, dict) for v in one)
            ):
                best = one
        level = [v for one in level if isinstance(one, dict) for v in one.values()]
    if not best and isinstance(plain, dict):
        return [plain]
    return best
