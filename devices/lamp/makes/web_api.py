"""Calls a lamp, or a program that has lamps, by HTTP with JSON."""

import json
from typing import Any

from devices.lamp.lamp import LightError

SERVER_ERROR = 500
HINTS = {401: "Is the token right?", 403: "Is the token right?", 404: "Is its name right?"}


class WebApi:
    """One address, and what identifies us there.

    Args:
        name: What it is, for errors.
        url: The address, without a path.
        headers: The headers of each call. They are never shown.
    """

    def __init__(self, name: str, url: str, headers: dict[str, str] | None = None) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", **(headers or {})}

    def call(self, path: str, body: dict[str, Any] | None = None, *, timeout_s: float) -> Any:
        """GET a path, or POST a JSON object to it.

        Returns:
            The JSON value of the answer; None if there is none.

        Raises:
            ConnectionError: It does not answer in time, or is in trouble itself.
            LightError: It refuses the call: something in the settings is wrong.
        """
        # 1.4 MB, for a house with such a lamp.
        from urllib.error import HTTPError, URLError  # noqa: PLC0415
        from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415

        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, self._headers)  # noqa: S310 - checked in settings
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=timeout_s) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            text = f"{self._name} answers {error.code} ({error.reason}) at {path}"
            if error.code >= SERVER_ERROR:
                raise ConnectionError(text) from None
            raise LightError(f"{text}. {HINTS.get(error.code, 'Is the address right?')}") from None
        except URLError as error:
            raise ConnectionError(f"{self._name} cannot be reached: {error.reason}") from None
        except OSError as error:
            raise ConnectionError(f"{self._name} does not answer: {error}") from None
        except ValueError:
            return None
