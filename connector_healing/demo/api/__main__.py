"""``python -m connector_healing.demo.api``: the sample API in the foreground.

With ``--descriptor`` it is the child process that `connector_healing.demo.api.client.start_api`
starts: the listening socket is inherited, and the credentials are the first line on standard input.
"""

import argparse
import json
import os
import socket
import sys

from connector_healing.demo.api.access import Credentials
from connector_healing.demo.api.client import require_extra
from connector_healing.demo.api.listening import address, listen
from connector_healing.demo.api.months import parse_month
from connector_healing.errors import UsageError

TOKEN_VARIABLE = "CONNECTOR_HEALING_DEMO_TOKEN"  # noqa: S105  # a variable's name, not a secret
_USAGE_STATUS = 2


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m connector_healing.demo.api")
    parser.add_argument("--port", type=int, default=8913, help="0 for any (default: 8913)")
    parser.add_argument("--month", default="2013-01", help="2013-01 to 2013-12 (default: 2013-01)")
    parser.add_argument("--descriptor", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        require_extra()
        _serve(options)
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command line speaks to its user
        return _USAGE_STATUS
    return 0


def _serve(options: argparse.Namespace) -> None:
    from connector_healing.demo.api.server import serve

    month = parse_month(options.month)
    if options.descriptor is not None:
        with os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0) as pipe:
            given = json.loads(pipe.readline())
        credentials = Credentials(token=given["token"], client_secret=given["client_secret"])
        serve(socket.socket(fileno=options.descriptor), month, credentials, until_eof=True)
        return
    listener = listen(options.port)
    token = os.environ.get(TOKEN_VARIABLE)
    credentials = Credentials(token=token) if token else Credentials()
    lines = [
        f"The sample API answers at {address(listener)}; control: {address(listener)}/_control/state"
    ]
    if not token:
        # Whoever starts it by hand has no other way to learn it; it opens nothing but this demo.
        lines.append(f"Bearer token of this run: {credentials.token} (or set {TOKEN_VARIABLE})")
    print("\n".join(lines), flush=True)  # noqa: T201  # a command line speaks to its user
    serve(listener, month, credentials, until_eof=False)


if __name__ == "__main__":
    sys.exit(main())
