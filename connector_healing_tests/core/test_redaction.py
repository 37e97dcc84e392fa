import base64
import html
import json
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector_healing.core.redaction import MASK, Redactor
from connector_healing.core.secret_forms import is_maskable

SECRET = "s3cr3t/Va+lue="

_SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=8, max_size=40
).filter(lambda s: is_maskable(s) and "*" not in s)
_FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "quoted": lambda s: quote(s, safe=""),
    "quoted path": quote,
    "quoted form": quote_plus,
    "json": lambda s: json.dumps({"x": s}),
    "json unicode": lambda s: json.dumps({"x": s}, ensure_ascii=False),
    "json in json": lambda s: json.dumps(json.dumps({"x": s})),
    "python": lambda s: repr({"x": s + "'"})[:-3],
    "html": html.escape,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 with user": lambda s: base64.b64encode(b"user:" + s.encode()).decode(),
    "base64 between": lambda s: base64.b64encode(b"ab" + s.encode() + b"!?").decode(),
    "url": lambda s: f"https://api.example.com/v1/{quote(s, safe='')}?page=2",
    "user information": lambda s: f"postgresql://user:{quote(s, safe='')}@db:5432/x",
}


@pytest.mark.parametrize("form", _FORMS)
@given(secret=_SECRETS)
def test_a_planted_secret_survives_in_no_form(form: str, secret: str) -> None:
    planted = _FORMS[form](secret)
    masked = Redactor([secret]).text(f"before {planted} after")
    assert MASK in masked
    for survivor in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
        assert survivor not in masked
    if form.startswith("base64"):
        whole = base64.b64encode(secret.encode()).decode().rstrip("=")
        assert whole[:-2] not in masked
        # No run of six characters of the encoded secret is left (its edges are shared).
        assert planted[10:16] not in masked


@given(st.text(), st.lists(_SECRETS, max_size=3))
def test_masking_twice_is_masking_once(text: str, secrets: list[str]) -> None:
    redactor = Redactor(secrets)
    once = redactor.text(text + "".join(secrets))
    assert redactor.text(once) == once


_PIECES = st.sampled_from(
    [
        *("token", "password=", "api_key", ": ", "=", '"', "'", '\\"', " ", "\n", "&", "?", "#"),
        *("Bearer ", "Authorization: ", "Cookie: ", "://", "@", 'h@"', "h'", "12345678", "{", "}"),
        *(
            " -> ",
            "Some(",
            ")",
            "%3D",
            "%26",
            " is ",
            "<password>",
            "</",
            "sk-proj-",
            "jdbc:oracle:",
        ),
        *("Token ", "tokens", "session", "CRM_PASS", "[", "]", ", ", "--password ", "-u ", "a:b"),
        *(
            "connection string",
            "creds",
            "qwrtpsdf",
            "sig=",
            "key=",
            "***",
            "abc",
            "eyJabcdefgh.eyJabcdefgh.x",
            "-----BEGIN PRIVATE KEY-----",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=14).map("".join))
@example("Bearer key={api_key://")  # what one pass leaves, another masks
@example("://Bearer {abc123xyzpassword=@")
def test_masking_by_name_is_idempotent_on_awkward_text(text: str) -> None:
    redactor = Redactor(["abc123xyz"])
    once = redactor.text(text)
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ('{"Authorization": "Bearer xyz"}', '{"Authorization": "***"}'),
        ("{'X-Api-Key': 'abc'}", "{'X-Api-Key': '***'}"),
        ("password=hunter2", "password=***"),
        ("password: hunter2, user: bob", "password: ***, user: bob"),
        ('{"token": 1234, "a": null}', '{"token": "***", "a": null}'),
        ('{"password": null}', '{"password": null}'),
        ('{"a": "{\\"password\\": \\"abc\\"}"}', '{"a": "{\\"password\\": \\"***\\"}"}'),
        ("{token=abc}", "{token=***"),
        ("client_secret => 'x y'", "client_secret => '***'"),
        ("STRIPE_API_KEY=sk", "STRIPE_API_KEY=***"),
        ("Application Key=foo;Database=x", "Application Key=***;Database=x"),
        ("AccountKey=abc==;EndpointSuffix=x", "AccountKey=***;EndpointSuffix=x"),
        ("used Basic dXNlcjpwYXNz1 here", "used Basic *** here"),
        ("Set-Cookie: a=b; c=d\nDate: x", "Set-Cookie: ***\nDate: x"),
        ('.with_aad(h@"secret thing")', '.with_aad(h@"***")'),
        ("clone h'x'", "clone h'***'"),
        ("postgresql://u:p@ss@db:5432/x", "postgresql://***@db:5432/x"),
        ("jwt eyJhbGciOiJ9.eyJzdWIiOiJ9.abc-_d end", "jwt *** end"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----.", "***."),
        ("AKIAIOSFODNN7EXAMPLE!", "***!"),
    ],
)
def test_secrets_are_found_by_name_and_shape(text: str, masked: str) -> None:
    assert Redactor().text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'token'",
        "HTTP 401: invalid_token: expired",
        'WWW-Authenticate: Bearer realm="x", error="invalid_token"',
        "https://api.example.com/v1/flights?page=2&page_token=abc&nextPageToken=z#top",
        '{"id": 5, "key": "ABC-1", "tokens_used": 7, "token_type": "bearer"}',
        "grant_type=refresh_token",
        "Bearer authentication failed",
        "400 Client Error: Bad Request for url: http://127.0.0.1:8000/v1/x?key_id_like=3",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_urls_lose_user_secret_parameters_and_values() -> None:
    url = f"https://bob:pw@h.example/a/{quote(SECRET, safe='')}/b?api_key=1&key=2&sig=x%2F&page=3#access_token=y"
    assert (
        Redactor([SECRET]).url(url)
        == "https://***@h.example/a/***/b?api_key=***&key=***&sig=***&page=3#access_token=***"
    )


def test_headers_keep_their_names() -> None:
    headers = {
        "authorization": "x",
        "Set-Cookie": "y",
        "X-Api-Key": "z",
        "X-RateLimit-Remaining": "5",
        "Location": f"/login?next={quote(SECRET, safe='')}",
    }
    assert Redactor([SECRET]).headers(headers) == {
        "authorization": MASK,
        "Set-Cookie": MASK,
        "X-Api-Key": MASK,
        "X-RateLimit-Remaining": "5",
        "Location": "/login?next=***",
    }


@pytest.mark.parametrize("value", ["", "abc", "12345", "aaaaaaaa", "localhost", "password", "***"])
def test_a_short_or_common_value_is_not_masked_by_value(value: str) -> None:
    text = f"at {value} there"
    assert Redactor([value]).text(text) == text


def test_parts_of_a_secret_are_secret() -> None:
    redactor = Redactor(
        [
            "postgresql://loader:Gr%C3%BCn77x@db/x",
            "-----BEGIN X-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END X-----",
        ]
    )
    assert redactor.text("failed for Grün77x") == "failed for ***"
    assert redactor.text("line MIIEvQIBADANBgkqhkiG9w0B") == "line ***"


def test_merging_keeps_both() -> None:
    first = Redactor(["first-secret"])
    both = first.merged(["second-secret"])
    assert both.text("first-secret second-secret") == f"{MASK} {MASK}"
    assert first.text("second-secret") == "second-secret"
    assert "secret" not in repr(both).replace("2 secrets", "")


def test_an_excerpt_never_ends_in_half_a_secret() -> None:
    redactor = Redactor(["long-secret-value"])
    for limit in range(25):
        assert "long" not in redactor.excerpt("12345 long-secret-value 67890", limit)


def test_a_megabyte_without_secrets_stays_as_it_is() -> None:
    redactor = Redactor(f"value-{i}-{string.ascii_letters[i:]}" for i in range(10))
    records = [{"id": i, "carrier": "UA", "departure": {"delay": i % 60}} for i in range(19_000)]
    body = json.dumps(records)
    assert len(body) > 1_000_000
    for text in (body, "x" * 1_000_000, "token" * 200_000, "://" * 333_000, '\\"' * 500_000):
        assert redactor.text(text) == text
