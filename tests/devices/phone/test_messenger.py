"""A messenger notifies each phone once, and saves that before the others have answered."""

import threading
from datetime import UTC, datetime, time

import pytest

from devices.machine import DailyWindow, Moment
from devices.phone import Messenger, Notification, PhoneError, Recipient, UndeliveredError
from devices.phone.delivery.dispatcher import Patience
from tests.forked import PATIENCE_S

NOW = Moment(datetime.now(UTC).timestamp())
ALWAYS = DailyWindow(time(0), time(23, 59, 59, 999_999))


class Phone:
    """A phone that notes what it is sent, and answers when it may."""

    name, has_address, can_be_silent, updates = "fake", True, True, True

    def __init__(self):
        self.sent, self.refuses, self.may_answer = [], False, threading.Event()
        self.may_answer.set()

    def send(self, notification, previous=None):
        assert self.may_answer.wait(PATIENCE_S)
        if self.refuses:
            raise PhoneError("fake answers 507: full")
        self.sent.append((notification.text, previous))
        return {"id": len(self.sent)}

    def fault_in_reaching(self):
        return "no network" if self.refuses else None


class Kept:
    """A memory of which only what is saved outlives the process."""

    def __init__(self):
        self.memory, self.saved = {}, []

    def save(self):
        self.saved.append(dict(self.memory))


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def phones():
    return Phone(), Phone(), Phone()


@pytest.fixture
def messenger(phones, kept):
    """Anna has two phones, and Ben has one."""
    anna, work, ben = phones
    people = [Recipient("anna", [anna, work]), Recipient("ben", [ben])]
    opened = Messenger(people, 10, kept.memory, kept.save)
    opened.patience = Patience(30.0, 30.0, 30.0)  # the machine may be busy
    return opened


def _deliver(messenger, event="e1", **more):
    note = Notification(title="Doorbell", text="Ding", key="press")
    return messenger.deliver(note, messenger.recipients, event, at=NOW, **more)


def test_each_phone_is_saved_but_the_last(messenger, phones, kept):
    """The last one is committed with the outcome: one phone alone costs no checkpoint."""
    for phone in phones:
        phone.may_answer.clear()

    def save_and_go_on():
        kept.save()
        phones[len(kept.saved)].may_answer.set()

    messenger._save = save_and_go_on
    phones[0].may_answer.set()
    assert _deliver(messenger).note == "sent to 3: Ding"
    assert [len(saved["told e1"]) for saved in kept.saved] == [1, 2]
    assert "told e1" not in kept.memory
    assert len(kept.memory["sent"]) == 3
    kept.saved.clear()
    messenger.recipients = messenger.recipients[1:]
    _deliver(messenger, "e2")
    assert kept.saved == []


def test_what_is_saved_is_saved_before_the_slow_one_answers(messenger, phones, kept):
    """A crash while one service thinks does not notify the others again."""
    _, _, ben = phones
    ben.may_answer.clear()
    saved = threading.Event()
    save = kept.save

    def announce():
        save()
        if len(kept.saved[-1]["told e1"]) == 2:
            saved.set()

    messenger._save = announce
    waiting = threading.Thread(target=_deliver, args=(messenger,))
    waiting.start()
    assert saved.wait(PATIENCE_S)
    assert sorted(kept.saved[-1]["told e1"]) == ["anna/0", "anna/1"]
    again = Messenger(messenger.recipients, 10, kept.saved[-1], kept.save)
    ben.may_answer.set()
    waiting.join()
    _deliver(again)
    assert [len(phone.sent) for phone in phones] == [1, 1, 2]


def test_a_refusal_is_for_the_refusing_phone_only(messenger, phones, kept):
    """It is told why, and another attempt is for that phone alone."""
    _, work, _ = phones
    work.refuses = True
    for _ in range(3):
        with pytest.raises(ConnectionError, match="1 of 3 services did not take it: anna: fake"):
            _deliver(messenger)
    work.refuses = False
    _deliver(messenger)
    assert [len(phone.sent) for phone in phones] == [1, 1, 1]


def test_any_number_of_rings_may_wait_for_one_phone(messenger, phones, kept):
    """Of the fortieth on, who had the first ones was forgotten, and was told again and again."""
    anna, work, ben = phones
    events = [f"e{number:03}" for number in range(60)]
    ben.refuses = True
    for _ in range(2):
        for event in events:
            with pytest.raises(UndeliveredError):
                _deliver(messenger, event)
    ben.refuses = False
    for event in events:
        _deliver(messenger, event)
    assert [len(phone.sent) for phone in (anna, work)] == [60, 60]
    assert not any(key.startswith(("told", "refused")) for key in kept.memory)


def test_what_an_earlier_version_kept_counts(messenger, phones, kept):
    """It had all events under one key."""
    kept.memory["told"] = {"e1": ["anna/0", "anna/1"], "e0": ["ben/0"]}
    _deliver(messenger)
    assert [len(phone.sent) for phone in phones] == [0, 0, 1]
    assert kept.memory["told"] == {"e0": ["ben/0"]}


def test_who_snoozes_is_left_out(messenger, phones):
    """And when everybody does, that is said."""
    messenger.log.snooze("anna", NOW.later(60))
    assert _deliver(messenger).note == "sent to 1: Ding"
    messenger.log.snooze("*", NOW.later(60))
    assert _deliver(messenger, "e2").note == "no recipient now"
    assert [len(phone.sent) for phone in phones] == [0, 0, 1]


def test_a_recipient_on_hold_is_known_before_anything_is_sent(messenger, phones, kept):
    """A reminder for them is saved, whatever the services of the others do."""
    held = []
    messenger.recipients = [
        Recipient("anna", [phones[0]], quiet=ALWAYS),
        Recipient("ben", [phones[2]]),
    ]
    phones[0].can_be_silent = False
    phones[2].refuses = True
    with pytest.raises(ConnectionError):
        _deliver(messenger, on_hold=lambda recipient: held.append(recipient.name))
    assert held == ["anna"]
    assert kept.saved


def test_without_phones_it_tells_what_it_would_have_said(kept):
    """Out of the box no phone is set up."""
    note = _deliver(Messenger([], 10, kept.memory, kept.save)).note
    assert note == "no phone is set up; it would have read: Ding"


def test_all_services_can_be_tried_without_sending(messenger, phones):
    """The faults of all that cannot be reached."""
    assert messenger.reach() == "3 of 3 services answer; nothing was sent"
    phones[2].refuses = True
    with pytest.raises(ConnectionError, match="no network"):
        messenger.reach()
    assert phones[0].sent == []
