"""A Kusto cluster's management endpoint on loopback, as its documentation and SDK describe it."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

JSON = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer; `parts` are sent one by one, each after a wait."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: dict(JSON))
    parts: Sequence[Callable[[], bytes]] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as the cluster saw it."""

    host: str
    database: str | None
    command: str
    options: Mapping[str, Any]
    headers: Mapping[str, str]


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _columns(*names: str) -> list[dict[str, str]]:
    return [{"ColumnName": n, "DataType": "String", "ColumnType": "string"} for n in names]


def one_table(names: Sequence[str], rows: Sequence[Any]) -> Answer:
    """What most `.show` commands answer."""
    table = {"TableName": "Table_0", "Columns": _columns(*names), "Rows": list(rows)}
    return Answer(body=json.dumps({"Tables": [table]}).encode())


def table_of_contents(
    names: Sequence[str], rows: Sequence[Any], statuses: Sequence[tuple[int, str]] = ((4, "ok"),)
) -> Answer:
    """What a `.show` command with operators answers: results, properties, status, contents."""
    status_columns = ("Timestamp", "Severity", "SeverityName", "StatusCode", "StatusDescription")
    listed = [
        [0, "QueryResult", "PrimaryResult", "0b1f1f2a-9a51-4a3a-8a0e-2f9c1d6b7e11", ""],
        [1, "QueryProperties", "@ExtendedProperties", "3c1f1f2a-9a51-4a3a-8a0e-2f9c1d6b7e12", ""],
        [2, "QueryStatus", "QueryStatus", "00000000-0000-0000-0000-000000000000", ""],
    ]
    tables = [
        {"TableName": "Table_0", "Columns": _columns(*names), "Rows": list(rows)},
        {
            "TableName": "Table_1",
            "Columns": _columns("Value"),
            "Rows": [['{"Visualization":null}']],
        },
        {
            "TableName": "Table_2",
            "Columns": _columns(*status_columns, "ClientActivityId"),
            "Rows": [
                ["2026-07-01T02:00:00.1234567Z", s, "S", 0, text, "a;b"] for s, text in statuses
            ],
        },
        {
            "TableName": "Table_3",
            "Columns": _columns("Ordinal", "Kind", "Name", "Id", "PrettyName"),
            "Rows": listed,
        },
    ]
    return Answer(body=json.dumps({"Tables": tables}).encode())


def one_api_error(
    code: str, message: str, *, permanent: bool, kind: str = "Kusto.DataNode.Exceptions.X"
) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": "Request is invalid and cannot be executed.",
            "@type": kind,
            "@message": message,
            "@context": {"timestamp": "2026-07-01T02:00:00.1234567Z", "activityId": "a"},
            "@permanent": permanent,
        }
    }


def failed(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, body=raw, headers={**JSON, **(headers or {})})


class FakeCluster:
    """Plays engine, `ingest-` and login; `answers` holds what each command gets, in order.

    The last answer of a command is given again and again.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.tokens: set[str] = {"good-token-0123456789"}
        self.asked: list[Asked] = []
        self.paths: list[str] = []
        self.login_endpoint = "https://login.microsoftonline.com"
        self.resource = "https://kusto.kusto.windows.net"
        self.logins: list[Mapping[str, str]] = []
        self.metadata_status = 200
        self.stopped = threading.Event()
        handler = type("Handler", (_Handler,), {"cluster": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["FakeCluster"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopped.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def hang(self) -> bytes:
        """Silence until the test is over, or for a minute."""
        self.stopped.wait(60)
        return b""

    def commands(self) -> list[str]:
        return [one.command for one in self.asked]

    def managed(self, host: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        properties = json.loads(body["properties"])  # a JSON text inside the JSON
        assert headers["Content-Type"].startswith("application/json")
        asked = Asked(
            host=host,
            database=body["db"],
            command=body["csl"],
            options=properties["Options"],
            headers=headers,
        )
        self.asked.append(asked)
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(status=401, headers={"WWW-Authenticate": "Bearer authorization_uri=x"})
        waiting = self.answers.get(asked.command, [one_table(("Name",), [["default"]])])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def metadata(self) -> Answer:
        if self.metadata_status != 200:
            return Answer(status=self.metadata_status)
        known = {
            "LoginEndpoint": self.login_endpoint,
            "LoginMfaRequired": False,
            "KustoClientAppId": "db662dc1-0cfe-4e1c-a843-19a68e65be58",
            "KustoClientRedirectUri": "https://microsoft/kustoclient",
            "KustoServiceResourceId": self.resource,
            "FirstPartyAuthorityUrl": f"{self.login_endpoint}/f8cdef31",
        }
        return Answer(body=json.dumps({"AzureAD": known}).encode())

    def login(self, form: Mapping[str, str]) -> Answer:
        self.logins.append(form)
        if form.get("client_secret") == "wrong-key-0123456789":
            told = "AADSTS7000215: Invalid client secret provided."
            return failed(401, {"error": "invalid_client", "error_description": told})
        issued = {
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": "good-token-0123456789",
        }
        if "device_code" in form:
            issued |= self._person(form["client_id"])
        return Answer(body=json.dumps(issued).encode())

    def device_code(self) -> Answer:
        shown = {
            "user_code": "ABCD-1234",
            "device_code": "the-device-code",
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900,
            "interval": 1,
            "message": "Open the page and type ABCD-1234.",
        }
        return Answer(body=json.dumps(shown).encode())

    def _person(self, client_id: str) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": f"{self.login_endpoint}/t/v2.0",
            "aud": client_id,
            "sub": "s",
            "tid": "t",
            "preferred_username": "somebody@corp.example",
            "iat": now,
            "exp": now + 3600,
        }
        return {
            "id_token": f"{_packed({'alg': 'none'})}.{_packed(claims)}.x",
            "client_info": _packed({"uid": "u", "utid": "t"}),
            "scope": "https://kusto.kusto.windows.net/.default",
        }


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeCluster
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        with suppress(OSError):  # whoever asked has gone
            super().handle()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.cluster.paths.append(parts.path)
        if parts.path == "/v1/rest/auth/metadata":
            self._send(self.cluster.metadata())
        elif parts.path == "/msi/token":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(self._managed_identity(query))
        elif parts.path.endswith("/.well-known/openid-configuration"):
            self._send(self._discovery(parts.path.split("/")[1]))
        elif parts.path == "/common/discovery/instance":
            self._send(Answer(body=b'{"tenant_discovery_endpoint": "x", "metadata": []}'))
        else:
            self._send(Answer(status=404))

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        self.cluster.paths.append(parts.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        host = self.headers["Host"]
        if parts.path == "/v1/rest/mgmt":
            self._send(self.cluster.managed(host, dict(self.headers), json.loads(raw)))
        elif parts.path.endswith("/oauth2/v2.0/devicecode"):
            self._send(self.cluster.device_code())
        elif parts.path.endswith("/oauth2/v2.0/token"):
            form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
            self._send(self.cluster.login(form))
        else:
            self._send(Answer(status=404))

    def _managed_identity(self, query: Mapping[str, str]) -> Answer:
        self.cluster.logins.append(query)
        issued = {
            "access_token": "good-token-0123456789",
            "expires_on": "4102444800",
            "resource": query.get("resource", ""),
            "token_type": "Bearer",
        }
        return Answer(body=json.dumps(issued).encode())

    def _discovery(self, tenant: str) -> Answer:
        root = f"{self.cluster.login_endpoint}/{tenant}"
        return Answer(
            body=json.dumps(
                {
                    "token_endpoint": f"{root}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                    "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
                    "issuer": f"{root}/v2.0",
                }
            ).encode()
        )

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.parts:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._chunks(answer.parts)
            return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _chunks(self, parts: Sequence[Callable[[], bytes]]) -> None:
        try:
            for part in parts:
                data = part()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True  # whoever asked has gone

    def log_message(self, *args: Any) -> None:
        del args
