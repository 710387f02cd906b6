"""What becomes of a message that takes several requests, by all that the service has answered."""

from dataclasses import replace

import pytest

from devices.phone import (
    Dispatcher,
    DispatchResult,
    Notification,
    PhoneAwayError,
    PhonePartlyError,
    PhoneRefusalError,
    Recipient,
    open_phones,
)
from devices.phone.apprise.address import service_of
from devices.phone.delivery.dispatcher import Patience
from devices.phone.http_session import LONGEST_SLEEP_S, LeftAloneError, check_sleep, recorded
from tests.devices.phone.service import Answer, serving

NOTE = Notification(title="Doorbell", text="Jemand ist an der Tür: läutet's?", key="press")
DISCORD = "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz"
SLACK = "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#a"


@pytest.fixture
def service():
    with serving() as served:
        yield served


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "door.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    return replace(NOTE, picture=path)


@pytest.fixture
def phone_here(service, monkeypatch):
    """A phone of an address whose service, for Apprise, lies here."""

    def open_phone(url, name, path):
        monkeypatch.setattr(type(service_of(url)), name, f"http://127.0.0.1:{service.port}/{path}")
        (phone,) = open_phones(url)
        return phone

    return open_phone


@pytest.fixture
def discord(phone_here):
    return phone_here(DISCORD, "notify_url", "api/webhooks")


@pytest.fixture
def slack(phone_here):
    return phone_here(SLACK, "api_url", "api/{}")


def _has_picture(request):
    return "multipart" in request.headers["Content-Type"]


def test_discord_is_left_alone_as_long_as_it_asks(service, discord):
    """Apprise would try again at once."""
    service.answer = Answer(429, {"retry_after": 6.0}, {"Retry-After": "6"})
    with pytest.raises(PhoneAwayError) as told:
        discord.send(NOTE)
    assert told.value.retry_after_s == 6
    assert len(service.got) == 1


def test_matrix_is_left_alone_as_long_as_it_asks(service, monkeypatch):
    """Apprise would sleep meanwhile, and another attempt would be made before the wait is over."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    limit = Answer(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 9_000_000})
    known = Answer(200, {"user_id": "@a:b", "room_id": "!r:b", "joined_rooms": ["!r:b"]})
    service.answer = lambda request: limit if "/send/" in request.path else known
    (phone,) = open_phones(f"matrix://{'syt_' + 'a' * 40}@127.0.0.1:{service.port}/!r:b")
    with pytest.raises(PhoneAwayError) as told:
        phone.send(NOTE)
    assert (told.value.retry_after_s, slept) == (9000, [])
    assert sum("/send/" in request.path for request in service.got) == 1


def test_a_short_sleep_between_two_requests_is_allowed():
    """A long one is the wait that the service asks for; without a record nothing is checked."""
    with recorded() as exchanges:
        check_sleep(LONGEST_SLEEP_S)
        assert not exchanges
        with pytest.raises(LeftAloneError):
            check_sleep(LONGEST_SLEEP_S + 1)
    assert [one.error.retry_after_s for one in exchanges] == [LONGEST_SLEEP_S + 1]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("invalid_auth", PhoneRefusalError),
        ("channel_not_found", PhoneRefusalError),
        ("ratelimited", PhoneAwayError),
        ("internal_error", PhoneAwayError),
        ("It is raining", PhoneAwayError),
    ],
)
def test_slacks_own_word_counts_whatever_the_status_is(service, slack, word, kind):
    """It answers 200 to everything."""
    service.answer = Answer(200, {"ok": False, "error": word})
    with pytest.raises(kind, match=f"slack: the service answers {word}"):
        slack.send(NOTE)
    assert len(service.got) == 1


SYNOLOGY = {"success": False, "error": {"code": 404, "errors": "invalid token"}}
DINGTALK = {"errcode": 310000, "errmsg": "keywords not in content"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [(SYNOLOGY, "invalid token"), (DINGTALK, "keywords not in content"), ({"ok": False}, "error")],
)
@pytest.mark.parametrize("kind", ["synology", "json"])
def test_a_refusal_that_apprise_does_not_read_is_one(service, answer, words, kind):
    """Some services answer 200 to everything, and Apprise looks at that alone."""
    (phone,) = open_phones(f"{kind}://127.0.0.1:{service.port}/token")
    service.answer = Answer(200, answer)
    with pytest.raises(PhoneAwayError, match=words):
        phone.send(NOTE)


@pytest.mark.parametrize("answer", [{"success": True}, {"errcode": 0, "errmsg": "ok"}, b"ok", []])
def test_what_is_no_refusal_is_taken(service, answer):
    """Whatever else it says."""
    service.answer = Answer(200, answer)
    open_phones(f"synology://127.0.0.1:{service.port}/token")[0].send(NOTE)


@pytest.mark.parametrize("status", [413, 429, 503])
def test_a_picture_that_fails_after_its_text_is_told_as_that(service, discord, picture, status):
    """The text was taken: it must not come again with another attempt at the picture."""
    service.answer = lambda request: Answer(status if _has_picture(request) else 204)
    with pytest.raises(PhonePartlyError, match=str(status)) as told:
        discord.send(picture)
    assert told.value.lacks_picture
    assert len(service.got) == 2


def test_a_text_that_fails_is_away(service, discord, picture):
    """The picture does not come without it."""
    service.answer = Answer(503)
    with pytest.raises(PhoneAwayError):
        discord.send(picture)


MANY = "/".join(f"+155501001{number:02}" for number in range(11))


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((503, 400), PhoneAwayError),
        ((400, 503), PhoneAwayError),
        ((400, 403), PhoneRefusalError),
        ((201, 503), PhonePartlyError),
        ((400, 201), PhonePartlyError),
    ],
)
def test_all_answers_count_and_not_the_last_one(service, statuses, kind):
    """Of a batch for eleven people ten may have the message: those are not told again."""
    service.answer = lambda _: Answer(statuses[len(service.got) - 1], {})
    (phone,) = open_phones(f"signal://127.0.0.1:{service.port}/+15550100200/{MANY}?batch=yes")
    with pytest.raises(kind) as told:
        phone.send(NOTE)
    assert type(told.value) is kind
    assert not getattr(told.value, "lacks_picture", False)


def test_a_login_that_breaks_off_has_told_nothing(service):
    """Such a message was given up after 20 attempts of an outage, as if they had told it."""
    service.answer = None
    (phone,) = open_phones(f"rocket://user:password@127.0.0.1:{service.port}/#a")
    with pytest.raises(PhoneAwayError) as told:
        phone.send(NOTE)
    assert not told.value.is_doubtful


def test_a_wait_that_answers_the_picture_is_obeyed_too(service, discord, picture):
    """By the next notification: this one's text is there."""
    limit = Answer(429, {"retry_after": 60.0}, {"Retry-After": "60"})
    service.answer = lambda request: limit if _has_picture(request) else Answer(204)
    anna = [Recipient("anna", [discord])]
    dispatcher = Dispatcher(anna, patience=Patience(alone=60))
    first = dispatcher.send("1", anna, lambda _: picture, DispatchResult(), {})
    second = dispatcher.send("2", anna, lambda _: NOTE, DispatchResult(), {})
    assert (len(first.delivered), len(second.delivered), len(service.got)) == (1, 0, 2)


def test_a_picture_that_is_gone_leaves_the_text_alone(service, discord, picture):
    """Discord has the text by then: it was told five times."""
    picture.picture.unlink()
    with pytest.raises(PhoneRefusalError, match="the picture is no longer there"):
        discord.send(picture)
    assert not service.got
