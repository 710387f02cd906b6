"""The HTTP connections of this process: what they follow, and what they were answered."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from requests.utils import NETRC_FILES

ANSWER_BYTES = 1_000_000  # what is beyond is cut off
PIECE_BYTES = 16_384
KEEPS_MESSAGE = (307, 308)  # the others: a new request without the body (RFC 9110, 15.4)
TOO_MANY_REQUESTS = 429  # RFC 6585, 4
LONGEST_SLEEP_S = 30.0  # between two requests of one message
ENVIRONMENT = ("_proxy", "_ca_bundle", "netrc")  # how variables end that `requests` reads


class RedirectedError(requests.RequestException):
    """The message would lose its body elsewhere, or go there without TLS: it was not sent."""


class LeftAloneError(requests.RequestException):
    """The service wants to be left alone: nothing more was sent.

    Attributes:
        retry_after_s: Seconds that it wants to be left alone; None if its answer says that.
    """

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Exchange(NamedTuple):
    """A request and what became of it, as the library `requests` has them.

    Attributes:
        request: The request; after a redirect, the last one. None if it was not made.
        response: The answer; None if there was none.
        error: Why there was none.
    """

    request: requests.PreparedRequest | None
    response: requests.Response | None = None
    error: requests.RequestException | None = None


class _Recording(threading.local):
    """What is recorded in this thread; None if nothing is."""

    exchanges: list[Exchange] | None = None


_recording = _Recording()


@contextmanager
def recorded() -> Iterator[list[Exchange]]:
    """Record the requests of this thread, for a library that does not pass on their answers.

    After a 429 no further one is made: they raise LeftAloneError.
    """
    exchanges: list[Exchange] = []
    _recording.exchanges = exchanges
    try:
        yield exchanges
    finally:
        _recording.exchanges = None


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
        self.trust_env = is_environment_of_use()

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, unless this thread was told to wait, and record the answer."""
        if _is_told_to_wait():
            raise LeftAloneError
        try:
            response = self._follow(request, **kwargs)
        except requests.RequestException as error:
            _record(Exchange(request, error=error))
            raise
        _record(Exchange(response.request, response))
        return response

    def _follow(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and follow redirects; for some bad addresses `requests` has no error of its own."""
        try:
            return super().send(request, **kwargs)
        except requests.RequestException:
            raise
        except ValueError as error:
            raise requests.exceptions.InvalidURL(request=request) from error

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Write a name and a password in UTF-8, as servers read them (RFC 7617).

        `requests` has only the letters of Latin 1, and writes them in another way.
        """
        if isinstance(request.auth, tuple):
            written = (one.encode() if isinstance(one, str) else one for one in request.auth)
            request.auth = HTTPBasicAuth(*written)
        return super().prepare_request(request)

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


@cache
def is_environment_of_use() -> bool:
    """Whether a variable, or a .netrc, said anything about connections when the process began.

    Else `requests` need not look: for each message it goes through all variables six times.
    """
    is_set = any(name.lower().endswith(ENVIRONMENT) for name in os.environ)
    return is_set or any(map(_is_at_home, NETRC_FILES))


def check_sleep(wait_s: float) -> None:
    """Check that a library may sleep so many seconds between two requests that are recorded.

    Raises:
        LeftAloneError: That is too long, or the service has answered 429: it is tried again later.
    """
    if _is_told_to_wait():
        raise LeftAloneError
    if wait_s > LONGEST_SLEEP_S:
        error = LeftAloneError(wait_s)
        _record(Exchange(None, error=error))
        raise error


def is_broken(response: requests.Response) -> bool:
    """Whether the connection broke before the end of an answer. Its status is there."""
    return bool(getattr(response, "is_broken", False))


def _is_at_home(name: str) -> bool:
    try:
        return Path("~", name).expanduser().exists()
    except (OSError, RuntimeError):  # there is no home, or we may not look into it
        return False


def _is_told_to_wait() -> bool:
    responses = [one.response for one in _recording.exchanges or ()]
    return any(one is not None and one.status_code == TOO_MANY_REQUESTS for one in responses)


def _record(exchange: Exchange) -> None:
    """Record an exchange; what a redirect has led to comes a second time, as the first one's."""
    exchanges = _recording.exchanges
    if exchanges is None:
        return
    if not exchanges or exchanges[-1][1:] != exchange[1:]:
        exchanges.append(exchange)


def _read(response: requests.Response, *, stream: bool = False, **_: Any) -> None:
    """Read an answer, as `requests` would by itself, but no more than the limit.

    A body that breaks off is marked: see `is_broken`. For most services the status has said all.
    """
    if stream:
        return
    body = bytearray()
    try:
        for piece in response.iter_content(PIECE_BYTES):
            body += piece
            if len(body) >= ANSWER_BYTES:
                break
    except requests.RequestException:
        response.is_broken = True  # type: ignore[attr-defined]
    response._content = bytes(body[:ANSWER_BYTES])  # noqa: SLF001 - where `requests` has it
    response._content_consumed = True  # noqa: SLF001 - or it would read the rest
    response.raw.close()


def _has_tls(url: str) -> bool:
    return urlsplit(url).scheme == "https"
