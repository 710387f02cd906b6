"""Redirects that a message does not follow, and what is kept of an answer."""

import io
import os

import pytest
import requests
from requests.adapters import BaseAdapter

from devices.phone.http_session import (
    ANSWER_BYTES,
    ENVIRONMENT,
    RedirectedError,
    Session,
    is_environment_of_use,
    recorded,
)
from tests.devices.phone.service import Answer, serving


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


@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_without_an_end_is_cut_off(status):
    """Its first megabyte says what there is to say; the status counts."""
    with serving() as service, Session() as session:
        service.answer = Answer(status, b"later\n" * 1_000_000)
        response = session.post(f"http://127.0.0.1:{service.port}/")
    assert (response.status_code, len(response.content)) == (status, ANSWER_BYTES)


def test_all_answers_are_recorded():
    """Of a redirect the last one, once; outside of a record nothing is kept."""
    with serving() as service, Session() as session:
        service.answer = lambda request: (
            Answer(204, b"") if "new" in request.path else Answer(307, b"", {"Location": "/new"})
        )
        with recorded() as exchanges:
            session.post(f"http://127.0.0.1:{service.port}/", data=b"Ding")
            session.get(f"http://127.0.0.1:{service.port}/new")
        session.get(f"http://127.0.0.1:{service.port}/new")
    assert [one.request.path_url for one in exchanges] == ["/new", "/new"]
    assert [one.request.body for one in exchanges] == [b"Ding", None]
    assert [one.response.status_code for one in exchanges] == [204, 204]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An environment that says nothing about connections, and an empty home."""
    for name in list(os.environ):
        if name.lower().endswith(ENVIRONMENT):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    is_environment_of_use.cache_clear()
    yield tmp_path
    is_environment_of_use.cache_clear()


@pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "NETRC"])
def test_variables_about_connections_are_followed(home, monkeypatch, name):
    """A house behind a proxy, or with an authority of its own, names it there."""
    monkeypatch.setenv(name, "/there")
    assert Session().trust_env


def test_a_netrc_is_followed(home):
    """It has logins by host."""
    (home / ".netrc").touch()
    assert Session().trust_env


def test_an_environment_that_says_nothing_is_not_looked_at_again(home):
    """`requests` would go through all variables for each message."""
    assert not Session().trust_env
