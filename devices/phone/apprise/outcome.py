"""What became of a notification that Apprise did not send, by what its service has answered.

Apprise makes several requests for some: to log in, for the text, for each picture.
"""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from devices.phone import http, http_answer
from devices.phone.http_answer import HttpError
from devices.phone.http_session import Exchange, is_broken
from devices.phone.phone import PhoneAwayError, PhoneError, PhoneRefusalError


def error_from(name: str, exchanges: Sequence[Exchange], text: str) -> PhoneError | None:
    """The error that the answers to all requests of a notification make together.

    Another attempt may help where any of them is not final.

    Args:
        name: The phone's name.
        exchanges: The requests, in their order.
        text: What the notification says: only a request that has it may have told it.

    Returns:
        None if no answer says what is wrong.
    """
    words = _words(text)
    failed = [(one, error) for one in exchanges if (error := _error_of(one))]
    errors = [error for _, error in failed]
    passing = [error for error in errors if not error.is_final]
    if passing:
        waits = [one.retry_after_s for one in passing if one.retry_after_s is not None]
        return PhoneAwayError(
            f"{name}: the service {passing[-1]}",
            max(waits, default=None),
            is_doubtful=any(
                error.is_doubtful and _may_contain(one.request, words) for one, error in failed
            ),
        )
    return PhoneRefusalError(f"{name}: the service {errors[-1]}") if errors else None


def has_taken(exchanges: Sequence[Exchange], text: str) -> bool:
    """Whether the service has taken this text with one of the requests, whatever with the others.

    A request has the text if it has all of its words, as JSON, a form or plain text; services write
    what stands between them in different ways.
    """
    words = _words(text)
    return any(
        bool(words) and _error_of(one) is None and _contains(one.request, words)
        for one in exchanges
    )


def error_unnoticed(name: str, exchanges: Sequence[Exchange], text: str) -> PhoneError | None:
    """The error that Apprise did not see: it reads the status of an answer and not always the rest.

    Args:
        name: See error_from.
        exchanges: The requests of a notification that Apprise takes for sent.
        text: What the notification says: the answers to other requests do not count.

    Returns:
        None if the service has taken the text.
    """
    if has_taken(exchanges, text):
        return None
    words = _words(text)
    denied = [
        one
        for one in exchanges
        if one.response is not None
        and http_answer.is_success(one.response.status_code)
        and http.error_within(one.response)
        and _contains(one.request, words)
    ]
    return error_from(name, denied, text)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _may_contain(request: Any, words: Sequence[str]) -> bool:
    """Whether a request may have told the text: a login has not."""
    is_streamed = not isinstance(request.body or "", str | bytes)
    return is_streamed or _contains(request, words)


def _contains(request: Any, words: Sequence[str]) -> bool:
    """Whether a text stands in the body, or in the address of a request without one."""
    body = request.body or request.url or ""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        return False
    return all(any(one in body for one in _spellings(word)) for word in words)


def _spellings(word: str) -> set[bytes]:
    """As it is, in JSON, and each of them in a form: Synology Chat's has JSON within."""
    plain = {word, json.dumps(word)[1:-1]}
    return {one.encode() for one in plain} | {quote(one).encode() for one in plain}


def _error_of(exchange: Exchange) -> HttpError | None:
    """Why the service did not do what it was asked for; None if it may have done it."""
    response = exchange.response
    if exchange.error:
        return http.error_from(exchange.error)
    if response is None or not http_answer.is_success(response.status_code):
        return http.error_of(response)
    if is_broken(response):
        return HttpError("breaks off in its answer", is_doubtful=True)
    return http.error_within(response)
