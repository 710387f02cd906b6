"""`notify` and a service that refuses a ring for good: nothing that belongs to it follows there."""

from dataclasses import replace

import pytest

from hub.testing import event
from tests.devices.phone.service import Answer, serving

REFUSED = Answer(401, {"error": "unauthorized"})


@pytest.fixture
def service(monkeypatch):
    with serving() as served:
        monkeypatch.setenv("TELEGRAM_API", f"http://127.0.0.1:{served.port}")
        yield served


@pytest.mark.parametrize("kind", ["ntfy", "tgram"])
@pytest.mark.parametrize("is_new", [False, True], ids=["same process", "new process"])
def test_a_ring_that_was_refused_is_followed_by_nothing(desk, service, tmp_path, kind, is_new):
    """Neither its picture nor its reminder nor an answer: they would come without the ring."""
    memory = {}
    home = desk(urls=[service.url(kind)], memory=memory)
    press = event()
    service.answer = REFUSED
    with pytest.raises(ConnectionError, match="answers 401"):
        home.hears(press)
    service.answer = Answer()
    if is_new:
        home = desk(urls=[service.url(kind)], memory=memory)
    assert home.sees(press, tmp_path / "1.jpg").startswith("no phone to send it to now")
    visit = {"press": press.id, "door": "front", "at": press.time.isoformat(), "count": 5}
    home.hears(replace(event("notify.again"), data=visit))
    home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert len(service.got) == 1


def test_the_next_ring_is_sent_with_its_picture(desk, service, tmp_path):
    """Perhaps the service takes it by then."""
    home = desk(urls=[service.url("ntfy")])
    service.answer = REFUSED
    with pytest.raises(ConnectionError):
        home.hears(event())
    service.answer = Answer()
    press = event(door="garden_gate")
    home.hears(press)
    home.sees(press, tmp_path / "1.jpg")
    assert [request.method for request in service.got] == ["POST", "POST", "PUT"]


def test_after_a_dead_letter_that_was_sent_again_its_answer_follows(desk, service):
    """The phone has the ring by then."""
    home = desk(urls=[service.url("ntfy")])
    press = event()
    service.answer = REFUSED
    with pytest.raises(ConnectionError):
        home.hears(press)
    service.answer = Answer()
    home.hears(press)
    home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert [request.json["message"] for request in service.got[1:]] == [
        "Somebody is at the front door",
        "Front door: coming (anna)",
    ]


def test_where_only_the_picture_was_refused_the_answer_follows(desk, service, tmp_path):
    """The phone has the text."""
    home = desk(urls=[service.url("ntfy")])
    press = event()
    home.hears(press)
    service.answer = Answer(413, {"error": "too large"})
    assert "without the picture" in home.sees(press, tmp_path / "1.jpg")
    service.answer = Answer()
    home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert "coming" in service.got[-1].path


def test_another_phone_gets_all_that_follows(desk, service, tmp_path):
    """A refusal is for one phone."""
    with serving() as other:
        home = desk(urls=[service.url("ntfy"), other.url("ntfy")])
        press = event()
        service.answer = REFUSED
        with pytest.raises(ConnectionError):
            home.hears(press)
        service.answer = Answer()
        assert home.sees(press, tmp_path / "1.jpg").startswith("sent to 1")
        home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert (len(service.got), len(other.got)) == (1, 3)


def test_a_recipient_whose_turn_comes_later_is_not_meant(desk, service):
    """Who was refused is the phone of another."""
    home = desk(
        recipients={
            "anna": {"urls": [service.url("ntfy")]},
            "ben": {"urls": [service.url("json")], "after_s": 30},
        }
    )
    press = event()
    service.answer = REFUSED
    with pytest.raises(ConnectionError):
        home.hears(press)
    service.answer = Answer()
    data = {"press": press.id, "door": "front", "at": press.time.isoformat(), "count": 1}
    waited = replace(event("notify.waited"), data={**data, "name": "ben", "held": False})
    assert home.hears(waited) == "sent to 1: Somebody is at the front door"


def test_a_dead_letter_of_a_later_recipient_can_be_sent_again(desk, service):
    """It is no follow-up: what was refused is this recipient's first message."""
    with serving() as other:
        home = desk(
            recipients={
                "anna": {"urls": [other.url("json")]},
                "ben": {"urls": [service.url("ntfy")], "after_s": 30},
            }
        )
        press = event()
        home.hears(press)
    data = {"press": press.id, "door": "front", "at": press.time.isoformat(), "count": 1}
    waited = replace(event("notify.waited"), data={**data, "name": "ben", "held": False})
    service.answer = REFUSED
    with pytest.raises(ConnectionError, match="answers 401"):
        home.hears(waited)
    service.answer = Answer()
    assert home.hears(waited) == "sent to 1: Somebody is at the front door"


def test_where_only_a_reminder_was_refused_the_answer_follows(desk, service):
    """The phone has the ring; and the reminder can be sent again."""
    home = desk(urls=[service.url("ntfy")])
    press = event()
    home.hears(press)
    visit = {"press": press.id, "door": "front", "at": press.time.isoformat(), "count": 5}
    again = replace(event("notify.again"), data=visit)
    service.answer = REFUSED
    with pytest.raises(ConnectionError, match="answers 401"):
        home.hears(again)
    service.answer = Answer()
    assert home.hears(again).startswith("sent to 1")
    home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert service.got[-1].json["message"] == "Front door: coming (anna)"
