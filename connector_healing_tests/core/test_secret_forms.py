import pytest

from connector_healing.core.redaction import Redactor

SECRET = "Qw8rTz2LmNp4Vx"
LONG = SECRET * 3
HEX = "0123456789abcdef0123456789abcdef"

#: Each form in which a secret was once printed, and what has to be shown instead.
FORMS = (
    (f"kustoAadAppSecret -> {SECRET}", "kustoAadAppSecret -> ***"),
    (f"Map(accessToken -> {SECRET}, a -> b)", "Map(accessToken -> ***, a -> b)"),
    (f"'kustoAadAppSecret': Some({SECRET})", "'kustoAadAppSecret': ***"),
    (f"keyVaultAppKey -> {SECRET}", "keyVaultAppKey -> ***"),
    (f"kutoAadAppCertPassword -> {SECRET}", "kutoAadAppCertPassword -> ***"),
    (f"sv%3D1%26sig%3D{SECRET}%26se%3D2", "sv%3D1%26sig%3D***%26se%3D2"),
    (f"client_secret%3D{SECRET}", "client_secret%3D***"),
    (f"sig%253D{SECRET}", "sig%253D***"),
    (
        f"fs.azure.account.key.acct.dfs.core.windows.net={SECRET}==",
        "fs.azure.account.key.acct.dfs.core.windows.net=***",
    ),
    (
        f'conf.set("fs.azure.sas.c.acct.blob.core.windows.net", "{SECRET}")',
        'conf.set("fs.azure.sas.c.acct.blob.core.windows.net", "***")',
    ),
    (f'"sasKey":"{SECRET}"', '"sasKey":"***"'),
    (f"AccountKey {SECRET}==", "AccountKey ***"),
    (f"basic.auth.user.info=key:{SECRET}", "basic.auth.user.info=***"),
    (f"<password>{SECRET}</password>", "<password>***</password>"),
    (f"&lt;password&gt;{SECRET}&lt;/password&gt;", "&lt;password&gt;***&lt;/password&gt;"),
    (
        f"<name>my.password</name> <value>{SECRET}</value>",
        "<name>my.password</name> <value>***</value>",
    ),
    (f"jdbc:oracle:thin:u/{SECRET}@h:1521/x", "jdbc:oracle:thin:***@h:1521/x"),
    (f"postgres://u:a/{SECRET}@h/x", "postgres://***@h/x"),
    (f"password is {SECRET}.", "password is ***."),
    (f"with password '{SECRET}'", "with password '***'"),
    (f"Incorrect API key provided: {SECRET}", "Incorrect API key provided: ***"),
    (f"https://hooks.slack.com/services/T0/B0/{LONG}", "https://hooks.slack.com/services/***"),
    (f"https://discord.com/api/webhooks/12/{LONG}", "https://discord.com/api/webhooks/***"),
    (f"https://api.telegram.org/bot12:AA{LONG}/getMe", "https://api.telegram.org/bot***"),
    ("and enter the code QZ8VLKT0P to sign in", "and enter the code *** to sign in"),
    *(
        (f"got {prefix}{LONG[:36]} here", "got *** here")
        for prefix in (
            *("sk-proj-", "sk-ant-api03-", "sk-", "glpat-", "hf_", "npm_", "ya29.", "SG."),
            *("pypi-AgEIcHlwaS5vcmc", f"SG.{SECRET}."),
        )
    ),
    (f"got dapi{HEX} here", "got *** here"),
    (f"got shpat_{HEX} here", "got *** here"),
)

ORDINARY = (
    *("POST /oauth2/token -> HTTP 400", "def get_token() -> str:", "token -> expired"),
    *("accessToken -> None", "password is required", "Password is too short.", "nextToken%3Dabc"),
    *("the password is case-sensitive", "Incorrect API key provided.", "unexpected token 'x1y2z3'"),
    *('secret "dlt-creds-2" not found', "API key 'warehouse-2' not found", "$filter=a%3D5"),
    *("http://host:8080/users/a@b.example", "file://C:/people/a@b", "jdbc:oracle:thin:@//h:1521/x"),
    *("<Key>data/2026/x.csv</Key>", "psql://u:<password>@h", "<token> is missing </p>"),
    *("fs.azure.account.keyprovider.acct=org.example.Keys", "disk-12345678", "hf_transformers"),
    *("fs.azure.sas.token.provider.type.acct=org.example.Sas", "npm_lifecycle_event", "task-1"),
    "discord.py 2.3 raised",
)


@pytest.mark.parametrize(("text", "masked"), FORMS)
def test_a_secret_is_masked_in_each_form(text: str, masked: str) -> None:
    redactor = Redactor()
    assert redactor.text(f"ConnectionError: {text}") == f"ConnectionError: {masked}"
    assert redactor.text(masked) == masked


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize("piece", ["%3D", "x=Some(", "token -> ", "<a>", "://a:b", "key for a "])
def test_many_beginnings_of_forms_stay_as_they_are(piece: str) -> None:
    text = piece * 20_000
    assert Redactor().text(text) == text
