import pytest

from connector_healing.core.secret_names import Place, hides, is_secret_name, may_be_secret

CLEAR = (
    *("access_token", "X-Amz-Signature", "clientSecret", "sig", "db.PWD", "credentials", "creds"),
    *("secrets", "api_keys", "x-functions-key", "passcode", "connection_string", "password"),
)
#: Columns, cursors and counts that only sound like secrets.
ORDINARY = (
    *("key", "next_page_token", "continuationToken", "page_token", "next_token", "cursor"),
    *("design", "compass", "bypass", "author", "authority", "session_count", "pass_count"),
    *("pass_rate", "passenger", "boarding_pass", "pattern", "path", "token_type", "tokens_used"),
)


@pytest.mark.parametrize("name", CLEAR)
@pytest.mark.parametrize("place", [Place.FIELD, Place.HEADER, Place.PARAMETER])
def test_clear_credentials_are_secret_by_name(name: str, place: Place) -> None:
    assert is_secret_name(name, place)


@pytest.mark.parametrize("name", ORDINARY)
@pytest.mark.parametrize("place", [Place.FIELD, Place.SETTING, Place.TEXT])
def test_ordinary_names_are_not_secret(name: str, place: Place) -> None:
    assert not may_be_secret(name, place)


@pytest.mark.parametrize("name", ["session_id", "session", "sid", "otp"])
def test_a_column_that_may_be_data_stays_data(name: str) -> None:
    assert not may_be_secret(name, Place.FIELD)
    assert may_be_secret(name, Place.SETTING)
    assert is_secret_name(name, Place.HEADER)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        *((n, "letters", True) for n in ("CRM_PASS", "dbPass", "PGPASS", "GITHUB_PAT", "MFA_OTP")),
        *((n, "s3ss-a8f3c2", True) for n in ("CRM_SESSION", "CRM_AUTH", "API_TOKENS", "DB_CREDS")),
        *((n, "letters", True) for n in ("API_KEY_2", "STRIPE_TOKEN_PROD", "DB_PASSWORD_OLD")),
        ("DESKTOP_SESSION", "ubuntu", False),
        ("LDAP_AUTH", "simple", False),
        ("KAFKA_AUTH", "SCRAM-SHA-512", False),
        ("MAX_TOKENS", "128000", False),
        ("GOOGLE_CREDENTIALS", "/etc/keys/google.json", False),
        ("PASSWORD_FILE", "/run/secrets/x", False),
    ],
)
def test_of_some_settings_the_value_decides(name: str, value: str, secret: bool) -> None:
    assert hides(name, value, Place.SETTING) is secret
