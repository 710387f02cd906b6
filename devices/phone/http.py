"""HTTP calls to services. Their errors can be shown to people: they contain no secrets."""

import ssl
from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import MaxRetryError

from devices.phone.http_answer import (
    CONNECT_S,
    READ_S,
    HttpError,
    error_in,
    error_with,
    is_success,
    refuses,
)
from devices.phone.http_session import LeftAloneError, RedirectedError, Session, is_broken


def call(method: str, url: str, **more: Any) -> Any:
    """Make one request.

    Args:
        method: `POST`, `PUT`, …
        url: The address.
        **more: See `requests.request`.

    Returns:
        The JSON value of the answer; None if the answer is no JSON.

    Raises:
        HttpError: The server did not answer, its status is not one of success, or a network
            answers in its place with its login page.
    """
    try:
        with Session() as session:
            response = session.request(method, url, **{"timeout": (CONNECT_S, READ_S), **more})
    except requests.RequestException as error:
        raise error_from(error) from None
    if not is_success(response.status_code):
        raise error_of(response)
    if is_broken(response):
        raise HttpError("breaks off in its answer", is_doubtful=True)
    answer = _json(response)
    if answer is None and _text(response).lstrip().startswith("<"):
        why = "Does the network want a login, or is the address wrong?"
        raise HttpError(f"answers with a web page. {why}")
    return answer


def unknown_answer() -> HttpError:
    """The error of an answer with success that is not the service's own.

    A proxy may have passed the message on, and written the answer itself.
    """
    return HttpError("sent an unknown answer. Is its address right?", is_doubtful=True)


def request_options(service: Any, options: Mapping[str, str]) -> dict[str, Any]:
    """What an address says about the requests to its service.

    Args:
        service: Apprise's object of the address.
        options: The options of the address; `cto` and `rto` are seconds.
    """
    connect_s, read_s = service.request_timeout
    return {
        "verify": bool(service.verify_certificate),
        "allow_redirects": getattr(service, "redirects", True),
        "timeout": (
            connect_s if "cto" in options else CONNECT_S,
            read_s if "rto" in options else READ_S,
        ),
    }


def error_from(error: requests.RequestException) -> HttpError:
    """The error of a request without an answer.

    Only where there was no connection it is certain that the server has not taken the message.
    """
    if isinstance(error, RedirectedError):
        return error_of(error.response)
    if isinstance(error, LeftAloneError):
        return HttpError("wants to be left alone", retry_after_s=error.retry_after_s)
    if isinstance(error, ValueError):  # as InvalidURL and InvalidSchema of `requests` are
        return HttpError("leads to an address that is none. Is a redirect or a proxy wrong?")
    return HttpError(_why(error), is_doubtful=_may_have_arrived(error))


def error_of(response: Any) -> HttpError:
    """The error that a server has answered with.

    Args:
        response: The answer, as the library `requests` has it.
    """
    return error_with(
        response.status_code,
        response.headers,
        _text(response),
        redirects=response.is_redirect,
        words=response.reason,
    )


def error_within(response: Any) -> HttpError | None:
    """The error in an answer whose status is one of success; None if it has none."""
    answer = _json(response)
    return error_in(answer) if refuses(answer) else None


def _json(response: Any) -> Any:
    try:
        return response.json()
    except (ValueError, RuntimeError):
        return None


def _text(response: Any) -> str:
    """The text of an answer; empty where Apprise has read it piece by piece."""
    try:
        return str(response.text)
    except RuntimeError:
        return ""


def _may_have_arrived(error: requests.RequestException) -> bool:
    """Whether the connection broke; urllib3 gives up with `MaxRetryError` where there was none."""
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError):
        return False
    inner = error.args[0] if error.args else None
    was_connected = isinstance(error, requests.ConnectionError | requests.ReadTimeout)
    return was_connected and not isinstance(inner, MaxRetryError)


def _why(error: requests.RequestException) -> str:
    if isinstance(error, requests.ReadTimeout):
        return "takes too long to answer"
    if isinstance(error, requests.Timeout):
        return f"does not answer within {CONNECT_S:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        inner = _innermost(error)
        if isinstance(inner, ssl.SSLCertVerificationError):
            return "its certificate is not valid"
        reason = getattr(inner, "reason", None) or type(inner).__name__
        return f"does not speak TLS here: {reason}. Are scheme and port right?"
    if _may_have_arrived(error):
        return f"breaks off: {_system_error(error)}"
    return f"cannot be reached: {_system_error(error)}"


def _system_error(error: BaseException) -> str:
    """The system's own words. The text of requests quotes the URL."""
    inner: Any = _innermost(error)
    return getattr(inner, "strerror", None) or type(inner).__name__


def _innermost(error: BaseException) -> BaseException:
    """The error that lies at the bottom."""
    inner: BaseException = error
    while True:
        below = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        if below is inner or not isinstance(below, BaseException):
            return inner
        inner = below
