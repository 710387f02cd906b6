"""`notify` and the phones that have the page: who is told, from when on, and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.plugin.house import page
from hub.testing import event
from hub.wire.tokens.push_seal import seal
from tests.servers.push_service import Answer, trusted

WEB = "https://door.example"


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A push service that this process trusts."""
    with trusted(tmp_path, monkeypatch) as started:
        yield started


@pytest.fixture
def subscribed(service):
    """Makes the event of a phone that subscribes at the service, or that wants no more."""

    def make(name="annas-phone", *, ends=False, key=None, after_s=0.0, again=False):
        with page.demo() as own:
            subscription = service.subscription | {"again": again}
            sealed = "" if ends else seal(key or own, name, subscription)
        made = event("doorbell.push_changed", name, subscription=sealed)
        return replace(made, time=made.time + timedelta(seconds=after_s))

    return make


def _texts(service):
    return [message.json["text"] for message in service.got]


def test_a_phone_that_subscribes_needs_no_setting(desk, service, subscribed, tmp_path):
    """It reads that it is told from now on; then each ring with its picture, and can answer."""
    home = desk(web=WEB, group_s=0)
    assert "no phone is set up" in home.hears(event())
    assert home.hears(subscribed()).startswith("sent to 1")
    press = event()
    assert home.hears(press).startswith("sent to 1")
    home.sees(press, tmp_path / "1.jpg")
    _, ring, shown = service.got
    assert _texts(service)[0] == "This phone is told when somebody rings."
    assert ring.json["text"] == "Somebody is at the front door"
    assert ring.json["late"].startswith("You missed a visitor at the front door at ")
    assert ring.json["buttons"][0][0] == "Coming"
    assert all(path.startswith("a/") for _, path in ring.json["buttons"])
    assert shown.json["picture"].startswith("push/picture/")
    assert shown.json["tag"] == ring.json["tag"] == press.id


def test_the_others_read_the_answer_in_the_same_notification(desk, service, subscribed):
    """Silently; the one who answered is the phone, by its name."""
    home = desk(web=WEB, group_s=0)
    home.hears(subscribed())
    press = event()
    home.hears(press)
    answered = event("visitor.answered", answer="coming", by="ben", press=press.id, via="link")
    home.hears(answered)
    home.hears(replace(answered, id="own", data={**answered.data, "by": "annas-phone"}))
    *_, last = service.got
    assert (len(service.got), last.json["tag"]) == (3, press.id)
    assert (last.json["text"], last.json["silent"]) == ("Front door: coming (ben)", True)


def test_a_snooze_on_the_page_counts_for_the_phone(desk, service, subscribed):
    """The page says the phone's name as a person has written it; so does an answer."""
    recipients = {"anna": {"urls": ["webpush://annas-phone"]}}
    home = desk(group_s=0, recipients=recipients)
    for name in ("annas-phone", "bens-phone"):
        home.hears(subscribed(name))
    press = event()
    home.hears(press)
    before = len(service.got)
    answered = event("visitor.answered", answer="coming", by="Anna's Phone", press=press.id)
    home.hears(answered)
    assert _texts(service)[before:] == ["Front door: coming (Anna's Phone)"]  # Ben's alone
    home.hears(event("visitor.answered", answer="snooze", by="Anna's Phone"))
    assert home.hears(event()).startswith("sent to 1")


def test_a_phone_of_a_recipient_has_the_recipients_doors(desk, service, subscribed):
    """Named by its address, or by having the recipient's name."""
    anna = {"urls": ["webpush://annas-phone"], "doors": ["garden_gate"]}
    ben = {"urls": ["webpush://bens-tablet"], "doors": ["garden_gate"]}
    home = desk(group_s=0, recipients={"anna": anna, "ben": ben})
    for name in ("annas-phone", "bens-tablet", "ben"):
        home.hears(subscribed(name))
    before = len(service.got)
    assert "no recipient now" in home.hears(event())
    assert home.hears(event(door="garden_gate")).startswith("sent to 3")
    assert len(service.got) == before + 3


def test_a_named_phone_without_a_subscription_is_told_of(desk, service, subscribed):
    """In the status from the start, and as the reason of each ring that it does not get."""
    home = desk(group_s=0, urls=["webpush://annas-phone"])
    troubles = []
    home.board.on_trouble(troubles.append)
    assert (
        'annas-phone does not take notifications yet. Open the page on it and choose "No'
        in (troubles[-1])
    )
    with pytest.raises(ConnectionError, match="annas-phone does not take notifications yet"):
        home.hears(event())
    home.hears(subscribed())
    assert troubles[-1] == ""
    assert home.hears(event()).startswith("sent to 1")


def test_what_was_subscribed_survives_the_process(desk, service, subscribed):
    """It is kept in the handler's memory; a phone that wants no more is forgotten there."""
    first = desk(group_s=0)
    first.hears(subscribed())
    second = desk(group_s=0, memory=first.memory)
    assert second.hears(event()).startswith("sent to 1")
    second.hears(subscribed(ends=True))
    assert "no phone is set up" in second.hears(event())
    third = desk(group_s=0, memory=second.memory)
    assert "no phone is set up" in third.hears(event())


def test_an_ended_subscription_is_forgotten(desk, service, subscribed):
    """The ring that finds it out says so; the next one asks that push service no more."""
    home = desk(group_s=0)
    home.hears(subscribed())
    service.answer = Answer(410)
    with pytest.raises(ConnectionError, match=r"answers 410: .* no longer takes notifications"):
        home.hears(event())
    service.answer = Answer()
    before = len(service.got)
    assert "no phone is set up" in home.hears(event())
    assert "no phone is set up" in desk(group_s=0, memory=home.memory).hears(event())
    assert len(service.got) == before
    home.hears(subscribed())
    assert home.hears(event()).startswith("sent to 1")


def test_events_that_come_in_another_order_end_alike(desk, service, subscribed):
    """After an outage a handler hears the newest first: an older one changes nothing then."""
    home = desk(group_s=0)
    home.hears(subscribed(ends=True, after_s=60))
    home.hears(subscribed())
    assert "no phone is set up" in home.hears(event())
    home.hears(subscribed(after_s=120))
    assert home.hears(event()).startswith("sent to 1")


def test_a_phone_that_says_it_again_is_not_greeted_once_more(desk, service, subscribed):
    """The page does so once a month; a house that has lost its memory greets it."""
    home = desk(group_s=0)
    home.hears(subscribed())
    assert home.hears(subscribed(again=True)) == "annas-phone is told as before"
    assert len(service.got) == 1
    assert desk(group_s=0).hears(subscribed(again=True)).startswith("sent to 1")


def test_a_subscription_of_another_house_is_none(desk, service, subscribed):
    """Whoever may publish on the broker cannot have this house call an address."""
    home = desk(group_s=0)
    said = home.hears(subscribed(key="the key of another house"))
    assert "was not sealed by the page of this house" in said
    assert "no phone is set up" in home.hears(event())
    assert service.got == []


def test_a_service_that_is_away_gets_the_ring_later(desk, service, subscribed):
    """As with any other service: once, and not to those who have it."""
    home = desk(group_s=0)
    home.hears(subscribed())
    service.answer = Answer(503, b"", (("Retry-After", "600"),))
    press = event()
    with pytest.raises(ConnectionError) as raised:
        home.hears(press)
    assert raised.value.retry_after_s == pytest.approx(600, abs=60)
    with pytest.raises(ConnectionError):
        home.hears(replace(press, attempt=2))
    assert len(service.got) == 2  # it was left alone
