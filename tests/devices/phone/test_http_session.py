"""Redirects that a message does not follow."""

import io

import pytest
import requests
from requests.adapters import BaseAdapter

from devices.phone.http_session import RedirectedError, Session


class _Moved(BaseAdapter):
    """Servers that have moved, and tell where."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        self.asked.append(request.url)
        response = requests.Response()
        response.status_code = 308
        if request.url == self.place:
            response.status_code = 200
        response.url = request.url
        response.request = request
        response.headers["Location"] = self.place
        response.raw = io.BytesIO()
        return response

    def close(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize(
    ("old", "new", "is_followed"),
    [
        ("https://a.example/door", "http://a.example/door", False),
        ("https://a.example/door", "http://b.example/", False),
        ("https://a.example/door", "https://b.example/", True),
        ("http://a.example/door", "https://a.example/door", True),
    ],
)
def test_a_message_that_was_meant_for_tls_never_goes_without_it(old, new, is_followed):
    """Its links answer the visitor: whoever reads them on the way could."""
    servers = _Moved(new)
    with Session() as session:
        session.mount("https://", servers)
        session.mount("http://", servers)
        if is_followed:
            assert session.post(old, json={}).ok
        else:
            with pytest.raises(RedirectedError):
                session.post(old, json={})
    assert (new in servers.asked) == is_followed
