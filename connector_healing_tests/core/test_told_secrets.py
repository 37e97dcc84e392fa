"""Secrets after words that announce them: names, schemes of authentication, options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("got Bearer abcdefghijk back", "got Bearer *** back"),
        ("said Token qwrtpsdf.", "said Token ***"),
        ("Basic dXNlcjpwYXNz", "Basic ***"),
        ("run --password s3cr3t --verbose", "run --password *** --verbose"),
        ("run --password=s3cr3t -v", "run --password=*** -v"),
        ("run --db-pass 'two words' x", "run --db-pass '***' x"),
        ("run --api-token abc", "run --api-token ***"),
        ('["run", "--password", "s3cr3t"]', '["run", "--password", "***"]'),
        ("curl -u user:passw0rd https://h/x", "curl -u user:*** https://h/x"),
        ("curl -uuser:passw0rd", "curl -uuser:***"),
        ("curl --user 'user:pass w0rd' h", "curl --user 'user:***' h"),
        ("['curl', '-u', 'user:passw0rd']", "['curl', '-u', 'user:***']"),
        ("export CRM_PASS=hunter", "export CRM_PASS=***"),
        ("GITHUB_PAT=letters", "GITHUB_PAT=***"),
        ("otp: 123456", "otp: ***"),
        ("passcode=abc", "passcode=***"),
        ("X-Auth: letters\nX-Session: letters", "X-Auth: ***\nX-Session: ***"),
        ("x-functions-key: letters", "x-functions-key: ***"),
        ("{'X-Session': 'letters'}", "{'X-Session': '***'}"),
        ('{"api_keys": ["k1-abcd1", "k2-abcd2"]}', '{"api_keys": ["***", "***"]}'),
        ('{"tokens": {"access": "a8f3c2d1"}}', '{"tokens": {"access": "***"}}'),
        ('{"credentials": {"password": "word"}}', '{"credentials": {"password": "***"}}'),
        ('{"connection_string": "Server=x;Pwd=y"}', '{"connection_string": "***"}'),
        ('{"db_pass": "hunter2"}', '{"db_pass": "***"}'),
        ("key=password=abc", "key=password=***"),
        ("session: password=abc", "session: ***"),
        ("https://h/x?session=a8f3c2d1e5&page=2", "https://h/x?session=***&page=2"),
    ],
)
def test_what_is_announced_is_masked(text: str, masked: str) -> None:
    assert Redactor().text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Bearer authentication failed, Basic authentication is off",
        "Token verification failed: Token expired. Unexpected token identifier",
        "Basic plan, Basic Premium, a Token endpoint",
        "use the --password option or --token for it; --password-stdin works, --password-file x",
        "docker run -u 1000:1000, sort -u file, git push -u origin main",
        "auth: failed, session: closed, tokens: 128000, max_tokens=128000",
        '{"session_id": "b7f0c2d4-1a", "sid": "x1y2z3w4", "session": "3f2504e0-4f89-11d3"}',
        '{"pass_rate": 0.93, "pass_count": "17", "session_count": 4, "boarding_pass": "BP123456"}',
        '{"author": "a1b2c3d4e5", "authority": "x9y8z7w6", "compass": "a1b2c3d4", "bypass": "b2c3d4e5"}',
        '{"passenger": "P1234567", "otp": 0.83, "tokens": 12, "total_tokens": "123456"}',
        '{"next_token": "a1b2c3d4", "page_token": "a1b2c3d4", "cursor": "a1b2c3d4"}',
        "https://h/x?cursor=a1b2c3d4&page_token=b2c3d4e5&session=2021&author=c3d4e5f6",
        '{"auth": "oauth2", "pat": "word", "tokens": ["BTC", "ETH"]}',
    ],
)
def test_data_and_prose_stay(text: str) -> None:
    assert Redactor().text(text) == text


def test_headers_are_secret_under_more_names_than_fields() -> None:
    headers = {
        "X-Session": "letters",
        "X-Auth": "letters",
        "X-RateLimit-Remaining-Tokens": "149984",
        "Idempotency-Key": "a1b2c3d4e5",
        "X-Next-Page-Token": "a1b2c3d4e5",
    }
    cleaned = Redactor().headers(headers)
    assert {name for name, value in cleaned.items() if value != headers[name]} == {
        "X-Session",
        "X-Auth",
    }


_PASSWORDS = st.from_regex(r"[A-Za-z][A-Za-z0-9!%_+]{6,20}[0-9]", fullmatch=True)


@pytest.mark.parametrize(
    "told",
    ["Bearer {} end", "run --password {} x", "curl -u bob:{} x", "CRM_PASS={} x", "X-Auth: {}\n"],
)
@given(password=_PASSWORDS)
def test_no_password_is_left_and_masking_twice_changes_nothing(told: str, password: str) -> None:
    masked = Redactor().text(told.format(password))
    assert password not in masked
    assert Redactor().text(masked) == masked
