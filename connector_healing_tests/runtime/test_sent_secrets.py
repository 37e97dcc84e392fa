import base64
import gzip
from pathlib import Path

import pytest
import requests

from connector_healing.core.redaction import Redactor
from connector_healing.runtime.cassette import CassettePlayer
from connector_healing.runtime.recorder import recording
from connector_healing.runtime.sent_secrets import MAX_MINTED, sent_secrets
from connector_healing_tests.runtime.loopback import Answer, LoopbackApi

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
    sent = [(URL, {"X-Auth": f"a8f3{n:08x}c2d1"}) for n in range(500)]
    assert len(sent_secrets(sent, {})) == MAX_MINTED


def test_a_recording_without_what_was_sent_still_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER", ACCOUNT)
    rows = [{"id": n, "session_id": f"3f2504e0-{n}", "pass_rate": 0.5} for n in range(3)]
    with (
        LoopbackApi(lambda _: Answer({"data": rows, "next_token": "a8f3c2d1"})) as plain,
        LoopbackApi(lambda _: Answer({"partner": ACCOUNT})) as echoing,
        recording() as seen,
    ):
        sent = {"X-Partner": ACCOUNT}
        rows_url, echo_url = f"{plain.url}/rows?page_token=x1y2", f"{echoing.url}/of/{ACCOUNT}"
        requests.get(rows_url, headers=sent, timeout=20)
        requests.get(echo_url, headers=sent, timeout=20)
    path = tmp_path / "c.cassette.gz"
    seen.write(path, Redactor(seen.sent_secrets()), sample=False)

    assert ACCOUNT.encode() not in gzip.decompress(path.read_bytes())
    # The sandbox is told the value, and knows the requests by it.
    player = CassettePlayer([path], Redactor([ACCOUNT]))
    answer = player.answer(requests.Request("GET", rows_url).prepare(), masked=False)
    assert answer is not None
    assert answer.json() == {"data": rows, "next_token": "a8f3c2d1"}
    echo = player.answer(requests.Request("GET", echo_url).prepare())
    assert echo is not None
    assert echo.json() == {"partner": "***"}
