"""What a reader may do on the page, and what the hub is told of it."""

import pytest
from starlette.middleware import Middleware

from hub.remote.confirmed import UnconfirmedError, UnsentError
from hub.web.app import assemble
from hub.web.login.user import User
from hub.web.views.actions import Actions
from hub.web.views.notices import notice_of
from hub.wire.command import Answer
from hub.wire.event import uuid7
from tests.hub.web.client import Client


class Answers:
    """In place of `AnswerClient`.

    Attributes:
        given: The answers, as a hub would read them.
    """

    def __init__(self):
        self.given = []

    def answer(self, _, answer, *, by, press, id):  # noqa: A002
        """Take it, as a hub that refuses what is malformed."""
        self.given.append(Answer.decode(Answer(id or uuid7(), answer, by, press).encode()))


class LoggedIn:
    """A guard that knows one user (ASGI 3 middleware)."""

    def __init__(self, app, name):
        self.app = app
        self.name = name

    async def __call__(self, scope, receive, send):
        """See ASGI 3."""
        scope["user"] = User(self.name)
        await self.app(scope, receive, send)


@pytest.mark.parametrize("word", ["", "loud", "-1", "²", "9" * 5000])
def test_a_form_that_cannot_be_read_does_nothing(settings, book, word):
    """It is the sender's fault, and not ours."""
    actions = Actions(settings, book, answers=None, presses=None, quiet=None, drills=None)
    assert Client(assemble(actions.routes())).post("/quiet", {"quiet": word}) == 400


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("Anna's phone", "Anna's phone"),
        ("Family \N{MAN}\N{ZERO WIDTH JOINER}\N{GIRL}", "Family \N{MAN} \N{GIRL}"),
        ("anna@" + 100 * "x", "anna@" + 59 * "x"),
    ],
)
def test_whatever_a_phone_is_called_it_can_answer(settings, book, story, name, by):
    """An emoji of several characters, or a long name at a proxy, is told as far as it can be."""
    press = story.press()
    book.take(press)
    answers = Answers()
    actions = Actions(settings, book, answers=answers, presses=None, quiet=None, drills=None)
    client = Client(assemble(actions.routes(), [Middleware(LoggedIn, name=name)]))
    assert client.post("/answer", {"answer": "coming", "visit": press.id}) == 303
    assert [(one.by, one.press) for one in answers.given] == [(by, press.id)]


class Presses:
    """In place of `PressClient`: the hub confirms nothing."""

    def __init__(self, error):
        self.error = error

    def press(self, _):
        """Fail."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnsentError("no broker"), "Nothing was sent. Try again"),
        (UnconfirmedError("no answer"), "Look whether it was done before you try again"),
    ],
)
def test_nothing_was_sent_is_said_only_where_that_is_certain(settings, book, error, words):
    """The hub may have a test ring all the same, and the next one would be another."""
    actions = Actions(settings, book, answers=None, presses=Presses(error), quiet=None, drills=None)
    client = Client(assemble(actions.routes()))
    assert client.post("/try", {"door": "front", "what": "press"}) == 303
    _, _, code = client.headers["location"].partition("?notice=")
    assert words in notice_of(code).words
    assert notice_of(code).is_bad
