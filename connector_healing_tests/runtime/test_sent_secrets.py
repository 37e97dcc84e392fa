import base64

import pytest

from connector_healing.runtime.sent_secrets import MAX_MINTED, sent_secrets

URL = "https://api.example.com/v1/x"
ACCOUNT = "acct-5b7d9f1a3c2e4068"
ENVIRONMENT = {"ACCOUNT": ACCOUNT, "WORD": "swordfish", "KIND": "application/json", "N": "12345678"}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("url", "headers", "found"),
    [
        (URL, {"X-Partner": ACCOUNT}, {ACCOUNT}),
        (URL, {"X-Session": "swordfish"}, {"swordfish"}),
        (URL, {"Authorization": "Bearer swordfish"}, {"swordfish"}),
        (URL, {"Authorization": basic("bob:swordfish")}, {"swordfish"}),
        (URL, {"Cookie": f"a=1; b={ACCOUNT}"}, {ACCOUNT}),
        (f"{URL}?api_key=swordfish", {}, {"swordfish"}),
        ("https://bob:swordfish@api.example.com/", {}, {"swordfish"}),
        (URL, {"X-Auth": "minted-4a6c8e0b2d1f"}, {"minted-4a6c8e0b2d1f"}),
        # What is sent as a value among others, or says what is asked, is none.
        (URL, {"X-Region": "swordfish", "X-Number": "12345678"}, set()),
        (URL, {"Accept": "application/json", "User-Agent": ACCOUNT, "Host": ACCOUNT}, set()),
        (f"{URL}?page_token={ACCOUNT}&cursor={ACCOUNT}", {}, set()),
        (URL, {"X-Auth": "basic", "X-Api-Key": "***"}, set()),
    ],
)
def test_what_was_sent_as_a_credential(url: str, headers: dict[str, str], found: set[str]) -> None:
    sent = sent_secrets([(url, headers)], ENVIRONMENT)
    assert {s for s in sent if not s.startswith(("Bearer ", "Basic ", "a=1"))} - {
        base64.b64encode(b"bob:swordfish").decode()
    } == found


def test_signatures_that_change_with_each_request_do_not_pile_up() -> None:
    requests = [(URL, {"X-Auth": f"a8f3{n:08x}c2d1"}) for n in range(500)]
    assert len(sent_secrets(requests, {})) == MAX_MINTED
