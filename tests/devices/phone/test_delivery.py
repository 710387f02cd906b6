"""A messenger over phones whose services refuse, rest or are slow: each is its own matter."""

import math
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.machine import Moment
from devices.phone import (
    Messenger,
    Notification,
    PhoneAwayError,
    PhoneError,
    PhonePartlyError,
    PhoneRefusalError,
    Recipient,
    UndeliveredError,
)
from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.delivery.dispatcher import Patience
from tests.forked import PATIENCE_S
from tests.house import until

NOW = Moment(datetime.now(UTC).timestamp())
NOTE = Notification(title="Doorbell", text="Ding", key="press")


class Phone:
    """A phone that raises what it is told to, and waits before that if it must."""

    name, has_address, can_be_silent, updates = "fake", True, True, True

    def __init__(self, *errors):
        self.errors, self.sent, self.may_answer = [*errors], [], threading.Event()
        self.may_answer.set()

    def send(self, notification, _previous=None):
        assert self.may_answer.wait(PATIENCE_S)
        self.sent.append(notification)
        if self.errors and (error := self.errors.pop(0)):
            raise error


class Picky(Phone):
    """It takes no pictures."""

    def send(self, notification, previous=None):
        super().send(notification, previous)
        if notification.picture:
            raise PhoneRefusalError("fake answers 413: too large")


@pytest.fixture
def messenger():
    """A messenger for recipients with one phone each, and what it has said of troubles."""

    def open_messenger(memory=None, **phones):
        people = [Recipient(name, [phone]) for name, phone in phones.items()]
        opened = Messenger(people, 10, {} if memory is None else memory, lambda: None)
        opened.patience = Patience(30.0, 30.0, 30.0)  # the machine may be busy
        opened.troubles = []
        opened.on_trouble(opened.troubles.append)
        return opened

    return open_messenger


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds by which phones rest: it stands still."""
    now = [1000.0]
    monkeypatch.setattr("devices.phone.delivery.rests.time.monotonic", lambda: now[0])
    return now


def _deliver(opened, note=NOTE, event="press"):
    return opened.deliver(note, opened.recipients, event, at=NOW)


def _fails(opened, note=NOTE, event="press"):
    with pytest.raises(UndeliveredError) as told:
        _deliver(opened, note, event)
    return told.value


def _let_answer(opened, phone):
    """On a busy machine a quick answer takes longer than the patience of a test, too."""
    until(lambda: not opened._flights.is_awaited(phone), "it has answered")


def test_a_wait_is_for_the_phone_that_asked_for_it(messenger, clock):
    """The other is told at once; no event calls the first before its time."""
    anna, ben = Phone(PhoneAwayError("busy", 30)), Phone()
    home = messenger(anna=anna, ben=ben)
    assert 30 <= _fails(home).retry_after_s < 30.5
    assert 29 < _fails(home).retry_after_s < 30.5
    assert 29 < _fails(home, event="another").retry_after_s < 30.5
    assert (len(anna.sent), len(ben.sent)) == (1, 2)


def test_an_outage_makes_a_phone_rest_between_the_attempts(messenger, clock):
    """Another event may find it well again; the attempt that waits is then soon due."""
    anna = Phone(PhoneAwayError("away"))
    home = messenger(anna=anna)
    assert 0.5 <= _fails(home).retry_after_s <= 1.2
    assert _fails(home).retry_after_s <= 1.2
    assert len(anna.sent) == 1
    assert _deliver(home, event="another").note == "sent to 1: Ding"
    assert _deliver(home).note == "sent to 1: Ding"


def test_the_rest_grows_with_the_outage(messenger, clock):
    """A second at first, 5 minutes at most; many events do not make it longer."""
    home = messenger(anna=Phone(*[PhoneAwayError("away")] * 100))
    waits = []
    for number in range(40):
        waits.append(_fails(home, event=f"{number % 3}").retry_after_s)
        clock[0] += waits[-1]
    assert all(wait_s <= 300.2 for wait_s in waits)
    assert waits[-1] >= 150
    assert clock[0] > 1000 + 3600


def test_a_refusal_is_tried_once(messenger):
    """And again when a person asks for the dead letter; the others are not told twice."""
    anna, ben = Phone(PhoneRefusalError("401")), Phone()
    home = messenger(anna=anna, ben=ben)
    assert _fails(home).retry_after_s == math.inf
    assert _deliver(home).note == "sent to 2: Ding"
    assert (len(anna.sent), len(ben.sent)) == (2, 1)


def test_a_refusal_is_not_repeated_while_another_waits(messenger):
    """It is known to the next process, too, and told with the last outcome."""
    memory = {}
    anna, ben = Phone(PhoneRefusalError("401")), Phone(PhoneAwayError("away", 0.01))
    told = _fails(messenger(memory, anna=anna, ben=ben))
    assert told.retry_after_s < 1
    told = _fails(messenger(memory, anna=anna, ben=ben))
    assert (told.retry_after_s, str(told)) == (
        math.inf,
        "1 of 2 services did not take it: anna: 401",
    )
    assert (len(anna.sent), len(ben.sent)) == (1, 2)
    assert not any(key.startswith("refused") for key in memory)


def test_what_may_never_work_is_tried_five_times(messenger):
    """The hub counts its attempts; beside one that waits they are counted here."""
    anna = Phone(*[PhoneError("odd")] * 9)
    assert _fails(messenger(anna=anna)).retry_after_s is None
    anna, ben = Phone(*[PhoneError("odd")] * 9), Phone(PhoneAwayError("busy", 3600))
    home = messenger(anna=anna, ben=ben)
    for _ in range(9):
        assert _fails(home).retry_after_s > 3000
    assert (len(anna.sent), len(ben.sent)) == (5, 1)


def test_a_phone_that_may_have_it_is_not_told_for_ever(messenger):
    """A service that takes notifications, and never says so, tells its phone each time."""
    anna = Phone(*[PhoneAwayError("no answer", is_doubtful=True)] * 99)
    home = messenger(anna=anna)
    home._rests.left_s = lambda *_, **__: 0.0
    waits = [_fails(home).retry_after_s for _ in range(20)]
    assert [wait_s for wait_s in waits if wait_s == math.inf] == waits[-1:]


def test_a_slow_answer_belongs_to_the_next_attempt(messenger):
    """It is not sent a second time, and delays nobody."""
    anna, ben = Phone(), Phone()
    anna.may_answer.clear()
    home = messenger(anna=anna, ben=ben)
    home.patience = Patience(0.05, 0.05, 0.05)
    for event in ("press", "another"):
        assert _fails(home, event=event).retry_after_s < math.inf
        _let_answer(home, ben)
    assert len(ben.sent) == 2
    anna.may_answer.set()
    assert until(lambda: _try(home), "the answer is read").note == "sent to 2: Ding"
    assert (len(anna.sent), len(ben.sent)) == (1, 2)


def test_a_service_that_is_away_is_waited_for_once(messenger):
    """Later attempts, and other notifications, only look whether it has answered."""
    anna, ben = Phone(), Phone()
    anna.may_answer.clear()
    home = messenger(anna=anna, ben=ben)
    home.patience = Patience(0.05, 0.05, 0.05)
    _fails(home)
    _let_answer(home, ben)
    home.patience = Patience(60.0, 60.0, 0.05)  # pytest's own time limit is shorter
    for event in ("press", "another", "press"):
        assert _fails(home, event=event).retry_after_s < math.inf
    assert len(ben.sent) == 2
    anna.may_answer.set()


def test_a_service_that_never_ends_its_answer_is_called_anew(messenger, monkeypatch):
    """After two minutes, and three times at most, because each keeps a thread."""
    monkeypatch.setattr("devices.phone.delivery.flights.STUCK_S", 0.0)
    anna = Phone()
    anna.may_answer.clear()
    home = messenger(anna=anna)
    home.patience = Patience(0.01, 0.01, 0.01)
    home._rests.left_s = lambda *_, **__: 0.0
    for _ in range(9):
        _fails(home)
    assert len(home._flights._stuck) == 3
    anna.may_answer.set()
    home.patience = Patience(30.0, 30.0, 30.0)
    until(lambda: _try(home), "it is called anew")


def _try(home):
    try:
        return _deliver(home)
    except UndeliveredError:
        return None


def test_a_text_goes_without_the_picture_that_a_service_refuses(messenger, tmp_path, caplog):
    """The service is no trouble for the others, and its own is said once."""
    anna, ben = Picky(), Phone()
    home = messenger(anna=anna, ben=ben)
    note = replace(NOTE, picture=tmp_path)
    refused = "fake answers 413: too large"
    for number in range(3):
        said = _deliver(home, note, f"{number}").note
        assert said == f"sent to 2: Ding (without the picture: {refused})"
    assert [one.picture for one in anna.sent] == [tmp_path, None] * 3
    assert [one.picture for one in ben.sent] == [tmp_path] * 3
    assert home.troubles == [f"anna: pictures are left out: {refused}"]
    assert caplog.messages == [f"pictures are left out: {refused}"]


def test_a_picture_that_a_service_refuses_is_left_out(messenger, tmp_path):
    """Where it comes alone, because the text was sent before it."""
    anna = Picky()
    note = replace(NOTE, picture=tmp_path, is_picture=True)
    assert "without the picture" in _deliver(messenger(anna=anna), note).note
    assert len(anna.sent) == 1


def test_a_picture_that_fails_after_its_text_is_left_out(messenger, tmp_path):
    """The text is there, and would come once more with each attempt."""
    anna = Phone(PhonePartlyError("503", lacks_picture=True))
    note = replace(NOTE, picture=tmp_path)
    assert _deliver(messenger(anna=anna), note).note == "sent to 1: Ding (without the picture: 503)"
    assert len(anna.sent) == 1


def test_what_some_have_is_not_sent_again(messenger, tmp_path):
    """Where one message has several targets, nor without its picture."""
    anna = Phone(*[PhonePartlyError("some have it", lacks_picture=False)] * 3)
    home = messenger(anna=anna)
    assert _fails(home, replace(NOTE, picture=tmp_path)).retry_after_s == math.inf
    assert len(anna.sent) == 1


def test_a_trouble_is_over_when_the_service_takes_one(messenger, tmp_path):
    """The handler's status says what is wrong now."""
    anna = Phone(PhoneAwayError("away"), None, PhoneRefusalError("no picture"))
    home = messenger(anna=anna)
    _fails(home, event="1")
    _deliver(home, event="2")
    note = replace(NOTE, picture=tmp_path)
    _deliver(home, note, event="3")
    _deliver(home, event="4")
    _deliver(home, note, event="5")
    assert home.troubles == ["anna: away", "", "anna: pictures are left out: no picture", ""]


def test_a_picture_waits_for_its_text(messenger, tmp_path):
    """Both come in one message then: a picture without words would be the first to arrive."""
    anna, ben = Phone(PhoneAwayError("busy", 0.01)), Phone()
    home = messenger(anna=anna, ben=ben)
    _fails(home)
    home.keep_picture("press", tmp_path / "1.jpg")
    (tmp_path / "1.jpg").touch()
    picture = replace(NOTE, picture=tmp_path / "1.jpg", is_picture=True)
    assert _deliver(home, picture, "snapshot").note == "sent to 1: Ding"
    assert len(anna.sent) == 1
    assert home.picture("press") == home.log.picture("press") == tmp_path / "1.jpg"
    until(lambda: _try(home), "the text is sent")
    assert len(anna.sent) == 2


def test_what_no_phone_takes_now_is_not_told_as_sent():
    """As an answer, where the service cannot change the notification that it has."""
    assert DispatchResult(text="Ding", asked=1).note == "no phone to send it to now: Ding"
