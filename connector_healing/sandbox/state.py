"""dlt's source state as JSON values, dates and the like included, and back."""

import json
from collections.abc import Mapping
from typing import Any


def encode_state(state: Mapping[str, Any]) -> dict[str, object]:
    """A source's state as plain JSON values; dlt's own marks tell what was a date, a decimal."""
    from dlt.common.json import json as dlt_json

    encoded: dict[str, object] = json.loads(dlt_json.typed_dumps(dict(state)))
    return encoded


def decode_state(state: Mapping[str, object]) -> dict[str, Any]:
    """What `encode_state` was given; plain JSON values stay as they are."""
    from dlt.common.json import json as dlt_json

    decoded: dict[str, Any] = dlt_json.typed_loads(json.dumps(dict(state)))
    return decoded
