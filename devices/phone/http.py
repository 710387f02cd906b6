"""HTTP calls to services. Their errors can be shown to people: they contain no secrets."""

from typing import Any

import requests

CONNECT_S = 4.0
READ_S = 6.0
REASON_CHARACTERS = 200


class HttpError(ConnectionError):
    """The call failed. The text says why, and contains neither path nor headers.

    Attributes:
        status: The server's status code; 0 if the server did not answer.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


def call(method: str, url: str, **more: Any) -> Any:
    """Make one request.

    Args:
        method: `POST`, `PUT`, …
        url: The address.
        **more: See `requests.request`.

    Returns:
        The JSON value of the answer; None if the answer is no JSON.

    Raises:
        HttpError: The server did not answer, or its status is 400 or more.
    """
    try:
        response = requests.request(method, url, timeout=(CONNECT_S, READ_S), **more)
    except requests.Timeout:
        raise HttpError(f"does not answer within {READ_S:g} s") from None
    except requests.exceptions.SSLError:
        raise HttpError("its certificate is not valid") from None
    except requests.RequestException as error:
        raise HttpError(f"cannot be reached: {_system_error(error)}") from None
    if not response.ok:
        reason = _reason(response)
        raise HttpError(f"answers {response.status_code}: {reason}", response.status_code)
    try:
        return response.json()
    except ValueError:
        return None


def _system_error(error: BaseException) -> str:
    """The system's own words, which lie at the bottom. The text of requests quotes the URL."""
    inner: Any = error
    while True:
        below = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        if below is inner or not isinstance(below, BaseException):
            return getattr(inner, "strerror", None) or type(inner).__name__
        inner = below


def _reason(response: requests.Response) -> str:
    """The server's own words: `error` or `description` of its JSON, or else the first line."""
    try:
        answer = response.json()
        text = answer.get("error") or answer.get("description") or ""
    except (ValueError, AttributeError):
        text = response.text
    lines = str(text).strip().splitlines() or [response.reason or "nothing"]
    return lines[0][:REASON_CHARACTERS]
