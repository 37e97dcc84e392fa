"""One of a cluster's endpoints, asked through the SDK."""

import logging
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoAuthenticationError, KustoError
from azure.kusto.data.kusto_trusted_endpoints import MatchRule, well_known_kusto_endpoints

from connector_healing.kusto.bodies import read_body
from connector_healing.kusto.credentials import AccessToken, Credential
from connector_healing.kusto.limits import CollectionLimits
from connector_healing.kusto.logins import Logins
from connector_healing.kusto.reply import Reply, Table, Trouble
from connector_healing.kusto.transport import AnswerTooLargeError, BoundedAdapter

if TYPE_CHECKING:
    from azure.kusto.data.response import KustoResponseDataSet

# Azure's warnings stand in our notes; without a handler they would go to standard error.
logging.getLogger("azure").addHandler(logging.NullHandler())

#: How the service's own logs name us (``Application`` in ``.show commands``).
APPLICATION = "connector-healing"

#: What the SDK and the parsing of an answer of another form raise.
_RAISED = (
    KustoError,
    requests.exceptions.RequestException,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

#: The worst severities of a QueryStatus row (Kusto: query V1 HTTP response).
_ERROR_SEVERITY = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def trust(hosts: frozenset[str]) -> None:
    """Have the SDK, too, send tokens to hosts that the user allowed, for the whole process."""
    if hosts:
        rules = [MatchRule(host, exact=True) for host in sorted(hosts)]
        well_known_kusto_endpoints.add_trusted_hosts(rules, replace=False)


class EndpointClient:
    """Asks one endpoint, one command at a time.

    Args:
        url: The endpoint, checked before.
        credential: Who asks.
        logins: Where its tokens come from, if it is no token itself.
        limits: The time and size of an answer.
    """

    def __init__(
        self, url: str, credential: Credential, logins: Logins, limits: CollectionLimits
    ) -> None:
        self._limits = limits
        self._adapter = BoundedAdapter(
            answer_time=limits.command_time + limits.answer_margin, max_bytes=limits.max_bytes
        )
        self._client = KustoClient(_connection(url, credential, logins))
        session = self._client._session  # noqa: SLF001  # the SDK lets nobody else give it a transport
        session.mount("https://", self._adapter)
        session.mount("http://", self._adapter)
        # Otherwise a line of ~/.netrc for this host would replace the token.
        session.auth = _as_it_is

    def ask(self, text: str, database: str | None, *, read_only: bool) -> Reply:
        """Send one command.

        Args:
            text: The command, checked before.
            database: None: the service's own default.
            read_only: Whether the service shall refuse to write anything for it.
        """
        self._adapter.forget()
        try:
            answer = self._client.execute_mgmt(database, text, self._properties(read_only))
            table, errors = _table(answer), tuple(_severe(answer))
        except KustoAuthenticationError as error:
            return Reply(trouble=Trouble.LOGIN, errors=(f"{error.exception}",))
        except _RAISED as error:
            return self._without_result(error)
        response = self._adapter.answer
        if response is not None:
            errors += read_body(response.text).errors
        return Reply(
            status=response.status_code if response is not None else None,
            table=table,
            errors=tuple(dict.fromkeys(errors)),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _properties(self, read_only: bool) -> ClientRequestProperties:
        properties = ClientRequestProperties()
        properties.application = APPLICATION
        properties.client_request_id = f"{APPLICATION}.triage;{uuid.uuid4()}"
        properties.set_option("servertimeout", self._limits.command_time)
        # One more than is kept tells that there were more.
        properties.set_option("query_take_max_records", self._limits.max_rows + 1)
        if read_only:
            properties.set_option("request_readonly", True)
        return properties

    def _without_result(self, error: Exception) -> Reply:
        response = self._adapter.answer
        if response is None:
            return Reply(trouble=_trouble(error), errors=(_cause(error),))
        body = read_body(response.text)
        return Reply(
            status=response.status_code,
            headers=response.headers,
            table=body.table,
            errors=body.errors or _unreadable(response, error),
            permanent=body.permanent,
        )


def _connection(url: str, credential: Credential, logins: Logins) -> KustoConnectionStringBuilder:
    if isinstance(credential, AccessToken):
        return KustoConnectionStringBuilder.with_aad_user_token_authentication(
            url, credential.token
        )
    return KustoConnectionStringBuilder.with_azure_token_credential(
        url, credential_from_login_endpoint=logins.at
    )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _table(answer: "KustoResponseDataSet") -> Table | None:
    found = answer.primary_results
    if not found:
        return None
    return Table(
        columns=tuple(str(column.column_name) for column in found[0].columns),
        rows=tuple(tuple(row) for row in found[0].raw_rows),
    )


def _severe(answer: "KustoResponseDataSet") -> Iterator[str]:
    """The errors of a table of contents' QueryStatus, which the SDK reads but does not raise."""
    for table in answer.tables:
        if table.table_kind != "QueryCompletionInformation":
            continue
        for row in table.to_dict()["data"]:
            severity = row.get("Severity")
            if isinstance(severity, int) and severity <= _ERROR_SEVERITY:
                yield f"{row.get('StatusDescription', '')}"


def _trouble(error: BaseException) -> Trouble:
    for link in _links(error):
        if isinstance(link, AnswerTooLargeError):
            return Trouble.TOO_LARGE
        if isinstance(link, requests.exceptions.Timeout):
            return Trouble.LATE
        if isinstance(link, requests.exceptions.SSLError):
            return Trouble.TLS
    return Trouble.UNREACHABLE


def _unreadable(response: requests.Response, error: Exception) -> tuple[str, ...]:
    """What is told of an answer that names no error of its own; nothing of a plain status."""
    if "Location" in response.headers and response.status_code in _REDIRECTS:
        return (f"it redirects to {_host(response.headers['Location'])}: not followed",)
    if not response.ok:
        return ()
    *_, last = _links(error)
    # These the SDK raises where it looks for what is not there.
    missing = isinstance(last, AttributeError | LookupError | TypeError | ValueError)
    return ("the answer has no table",) if missing else (_cause(error),)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or "itself"
    except ValueError:
        return "an address that is none"


def _cause(error: BaseException) -> str:
    """The innermost message: the SDK's own names only the address."""
    *_, last = _links(error)
    return f"{type(last).__name__}: {last}"


def _links(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__
