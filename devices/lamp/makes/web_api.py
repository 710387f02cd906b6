"""Calls a lamp, or a program that has lamps, by HTTP with JSON."""

import json
from typing import Any
from urllib.parse import urlsplit

from devices.lamp.lamp import LightAwayError, LightError

REDIRECTION = 300  # the first status that is no success; no call is sent on to another address
SERVER_ERROR = 500
MOST_BYTES = 1_000_000  # of an answer; a lamp sends some kilobytes
FOR_NOW = (408, 425, 429)  # another attempt may succeed (RFC 9110, 15.5; RFC 8470; RFC 6585)
HINTS = {401: "Is the token right?", 403: "Is the token right?", 404: "Is its name right?"}


class WebApi:
    """One address, and what identifies us there.

    Args:
        name: What it is, for errors.
        url: The address.
        headers: The headers of each call. They are never shown.
    """

    def __init__(self, name: str, url: str, headers: dict[str, str] | None = None) -> None:
        self._name = name
        self._address = urlsplit(url.rstrip("/"))
        self._headers = {"Content-Type": "application/json", **(headers or {})}

    def call(self, path: str, body: dict[str, Any] | None = None, *, timeout_s: float) -> Any:
        """GET a path, or POST a JSON object to it.

        Returns:
            The JSON value of the answer; None if there is none.

        Raises:
            LightAwayError: It does not answer in time, or is in trouble itself.
            LightError: It refuses the call: something in the settings is wrong.
        """
        status, reason, text = self._send(path, body, timeout_s)
        answer = f"{self._name} answers {status} ({reason}) at {path}"
        if status >= SERVER_ERROR or status in FOR_NOW:
            raise LightAwayError(answer)
        if status >= REDIRECTION:
            raise LightError(f"{answer}. {HINTS.get(status, 'Is the address right?')}")
        try:
            return json.loads(text)
        except ValueError:
            return None

    def _send(
        self, path: str, body: dict[str, Any] | None, timeout_s: float
    ) -> tuple[int, str, bytes]:
        # 1 MB, for a house with such a lamp.
        from http.client import HTTPConnection, HTTPException, HTTPSConnection  # noqa: PLC0415

        is_safe = self._address.scheme == "https"
        kind = HTTPSConnection if is_safe else HTTPConnection
        host = self._address.hostname or ""
        connection = kind(host, self._address.port, timeout=timeout_s)
        data = None if body is None else json.dumps(body)
        method = "GET" if data is None else "POST"
        try:
            connection.request(method, self._address.path + path, data, self._headers)
            answer = connection.getresponse()
            return answer.status, answer.reason, answer.read(MOST_BYTES)
        except TimeoutError:
            raise LightAwayError(f"{self._name} does not answer") from None
        except (OSError, HTTPException) as error:
            raise LightAwayError(f"{self._name} cannot be reached: {error}") from None
        finally:
            connection.close()
