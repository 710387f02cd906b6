"""HTTP calls to services, whose failures can be told to people without their secrets."""

from typing import Any

import requests

CONNECT_S, READ_S = 4.0, 6.0
WORDS = 200


class HttpError(ConnectionError):
    """It did not work; the text says why, and holds neither path nor headers.

    Attributes:
        status: What the server answered; 0 when it did not.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


def call(method: str, url: str, **more: Any) -> Any:
    """One request; gives the JSON that was answered.

    Args:
        method: `POST`, `PUT`, …
        url: Where to.
        **more: As for `requests.request`.

    Raises:
        HttpError: there is no answer, or one of 400 and above, with the server's own words.
    """
    try:
        answer = requests.request(method, url, timeout=(CONNECT_S, READ_S), **more)
    except requests.Timeout:
        raise HttpError(f"does not answer within {READ_S:g} s") from None
    except requests.exceptions.SSLError:
        raise HttpError("its certificate is not good") from None
    except requests.RequestException as error:
        raise HttpError(_reason(error)) from None
    if not answer.ok:
        raise HttpError(f"answers {answer.status_code}: {_words(answer)}", answer.status_code)
    try:
        return answer.json()
    except ValueError:
        return None


def _reason(error: BaseException) -> str:
    """The system's words at the bottom of what requests raised: its own text quotes the URL."""
    inner: Any = error
    while (
        below := getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
    ) and below is not inner:
        if not isinstance(below, BaseException):
            break
        inner = below
    return f"cannot be reached: {getattr(inner, 'strerror', None) or type(inner).__name__}"


def _words(answer: requests.Response) -> str:
    """What the server says: `error` or `description` of its JSON, or the first line."""
    try:
        said = answer.json()
        text = said.get("error") or said.get("description") or ""
    except (ValueError, AttributeError):
        text = answer.text
    lines = str(text).strip().splitlines()
    return (lines[0] if lines else answer.reason or "nothing")[:WORDS]
