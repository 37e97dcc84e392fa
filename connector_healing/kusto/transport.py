"""The HTTP below the SDK: an answer is whole in time and of a bounded size, or it is none.

The SDK bounds only how long the socket may be silent, adds half a minute to it, reads metadata
without any bound, and keeps neither status nor headers of what it could not parse.
"""

import time
from datetime import timedelta

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError

_CHUNK = 64 * 1024


class AnswerTooLargeError(requests.exceptions.RequestException):
    """The answer was longer than is allowed."""


class AnswerTooLateError(requests.exceptions.Timeout):
    """The answer was not whole in time."""


class BoundedAdapter(HTTPAdapter):
    """Sends one request at a time and keeps its answer, read to the end.

    Args:
        answer_time: From sending to the last byte; a silence may last as long once more.
        max_bytes: Of the body, unpacked.
    """

    def __init__(self, *, answer_time: timedelta, max_bytes: int) -> None:
        super().__init__()
        self._answer_time = answer_time
        self._max_bytes = max_bytes
        #: The last answer; None where none came.
        self.answer: requests.Response | None = None

    def forget(self) -> None:
        """Nothing has been answered yet."""
        self.answer = None

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        """Send it and read the whole answer.

        Raises:
            AnswerTooLargeError: If it is longer than allowed.
            AnswerTooLateError: If it is not whole in time.
            requests.exceptions.RequestException: As requests raises it.
        """
        del args  # requests gives all by name
        self.answer = None
        deadline = time.monotonic() + self._answer_time.total_seconds()
        kept = {name: kwargs.get(name) for name in ("verify", "cert", "proxies")}
        response = super().send(
            request,
            stream=True,
            timeout=self._answer_time.total_seconds(),
            **kept,  # type: ignore[arg-type]  # the types are those that requests gave
        )
        try:
            body = self._body(response, deadline)
        except BaseException:
            response.close()
            raise
        if "charset" not in response.headers.get("Content-Type", "").lower():
            response.encoding = "utf-8"  # JSON's; guessing costs seconds on a long answer
        # As requests itself keeps what it has read to the end.
        response._content = body  # noqa: SLF001  # requests has no other way in for a read body
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001  # the same
        self.answer = response
        return response

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        try:
            # `read1` gives what has come; a longer read would wait for its last byte.
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > self._max_bytes:
                    raise AnswerTooLargeError(f"more than {self._max_bytes} bytes")
                if time.monotonic() > deadline:
                    raise AnswerTooLateError("the answer was not whole in time")
        except ReadTimeoutError as error:
            raise AnswerTooLateError("the answer stopped in the middle") from error
        return b"".join(chunks)
