"""The HTTP connections of this process: what they follow, and what they were answered."""

import threading
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests


class RedirectedError(requests.RequestException):
    """The message would lose its body elsewhere, or go there without TLS: it was not sent."""


class LastAnswer(threading.local):
    """What the last request in this thread was answered.

    Attributes:
        response: The answer, as the library `requests` has it; None if there was none.
        error: Why there was none.
    """

    response: Any = None
    error: requests.RequestException | None = None


last = LastAnswer()
ANSWER_BYTES = 1_000_000  # what is beyond is cut off
PIECE_BYTES = 16_384
KEEPS_MESSAGE = (307, 308)  # the others: a new request without the body (RFC 9110, 15.4)


class Session(requests.Session):
    """A connection that follows a redirect only as long as the message stays what it is.

    With 307 and 308 the same message is sent to the new address. With 301, 302 and 303 it would
    lose its body, and a POST would become a GET, whose success says nothing (RFC 9110, 15.4). What
    was meant for TLS is not sent without it: its links answer the visitor. Of an answer without an
    end the first megabyte is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hooks["response"].append(_read)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Remember the answer in `last`, for a library that does not pass it on."""
        last.response = last.error = None
        try:
            response = super().send(request, **kwargs)
        except requests.RequestException as error:
            last.error = error
            raise
        last.response = response
        return response

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Refuse to leave TLS."""
        target = super().get_redirect_target(resp)
        if target and _has_tls(resp.url) and not _has_tls(urljoin(resp.url, target)):
            raise RedirectedError(response=resp)
        return target

    def rebuild_method(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Refuse to drop a body, or to make a GET of a POST."""
        method = prepared_request.method
        super().rebuild_method(prepared_request, response)
        drops_body = prepared_request.body and response.status_code not in KEEPS_MESSAGE
        if drops_body or prepared_request.method != method:
            raise RedirectedError(response=response)


def _read(response: requests.Response, *, stream: bool = False, **_: Any) -> None:
    """Read an answer, as `requests` would by itself, but no more than the limit."""
    if stream:
        return
    body = bytearray()
    for piece in response.iter_content(PIECE_BYTES):
        body += piece
        if len(body) >= ANSWER_BYTES:
            break
    response._content = bytes(body[:ANSWER_BYTES])  # noqa: SLF001 - where `requests` has it
    response._content_consumed = True  # noqa: SLF001 - or it would read the rest
    response.raw.close()


def _has_tls(url: str) -> bool:
    return urlsplit(url).scheme == "https"
