import json

import pytest

from connector_healing.core.secret_parts import embedded_secrets, secret_leaves


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("postgresql://loader:pa55word@db:5432/crm", {"pa55word"}),
        ("postgresql://loader:Gr%C3%BCn77@db/crm", {"Gr%C3%BCn77", "Grün77"}),
        ("redis://:r3d1spass@cache:6379/0", {"r3d1spass"}),
        ("https://a8f3c2d1e5b7@o0.ingest.example.com/1", {"a8f3c2d1e5b7"}),
        ("https://h/x?api_key=k3y&page=2", {"k3y"}),
        ("jdbc:sqlserver://h:1433;user=sa;password=p4ss;encrypt=true", {"p4ss"}),
        ("jdbc:postgresql://h/db?user=x&password=p4ss", {"p4ss"}),
        ("Server=h;Database=d;User ID=u;Password={a;b};", {"a;b"}),
        ("Driver=x;Uid=u;Pwd=p4ss", {"p4ss"}),
        ("AccountName=x;AccountKey=abc+/==;EndpointSuffix=y", {"abc+/=="}),
        ("Endpoint=sb://n.example.net/;SharedAccessKeyName=r;SharedAccessKey=k3y=", {"k3y="}),
        ("host=h user=u password='a b' dbname=d", {"a b"}),
        (json.dumps({"type": "x", "private_key": "k3y", "uri": "https://h"}), {"k3y"}),
        ("https://api.example.com/v1?page=2", set()),
        ("postgresql://dagster:dagster@localhost/dagster", set()),
        ("http://[", set()),
        ("/data/project", set()),
        ("{not json", set()),
    ],
)
def test_the_secrets_inside_a_setting(text: str, secrets: set[str]) -> None:
    assert set(embedded_secrets(text)) == secrets


def test_a_list_of_keys_is_secret_key_by_key() -> None:
    assert {"k1-abcdef", "k2-abcdef"} <= set(secret_leaves("k1-abcdef, k2-abcdef", "API_KEYS"))


def test_under_other_names_only_parts_are_secret() -> None:
    setting = {"url": "postgresql://u:pa55word@h/d", "region": "europe-west1", "db_pass": "letters"}
    assert set(secret_leaves(setting)) == {"pa55word", "letters"}
    assert set(secret_leaves({"region": "europe"}, guarded=True)) == {"europe"}
