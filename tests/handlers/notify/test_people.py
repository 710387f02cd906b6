"""Who is told when by `notify`: visitors, doors, quiet hours, snooze, escalation, answers."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from config import SettingsError
from devices.phone import PhoneError
from devices.phone.delivery.dispatcher import Patience
from hub.testing import event
from tests.forked import PATIENCE_S
from tests.house import until

WEB = "https://door.example"


class Fake:
    """A phone that notes what it is told."""

    name, has_address = "fake", True

    def __init__(self, *, can_be_silent=True, updates=True):
        self.can_be_silent, self.updates = can_be_silent, updates
        self.told, self.fails = [], False

    def send(self, note, before=None):
        if self.fails:
            raise PhoneError("fake answers 507: full")
        self.told.append(note)
        return {"before": before} if self.updates else None

    def fault_in_reaching(self):
        return None

    @property
    def texts(self):
        return [note.text for note in self.told]


@pytest.fixture
def family(desk):
    """A desk with these recipients, each with one phone that notes."""

    def open_family(*, phones=None, **recipients):
        table = {name: {"urls": ["json://localhost"], **more} for name, more in recipients.items()}
        opened = desk(
            web=WEB, recipients=table, **({} if table else {"urls": ["json://localhost"]})
        )
        made = {
            person.name: (phones or {}).get(person.name, Fake())
            for person in opened.board.recipients
        }
        opened.board.recipients = [
            replace(person, phones=[made[person.name]]) for person in opened.board.recipients
        ]
        return opened, made

    return open_family


def _at(press, seconds):
    return replace(event(door=press.door), time=press.time + timedelta(seconds=seconds))


def test_rings_of_one_visitor_are_told_once_with_their_number(family, tmp_path):
    """The first at once, the others together; another door, or a later ring, is another visitor."""
    home, phones = family()
    first = event()
    home.hears(first)
    for seconds in (3, 8):
        assert "counted in the first notification" in home.hears(_at(first, seconds))
        assert home.timers == {"notify.again": 10}
    (again,) = home.later
    assert home.hears(again).endswith("Somebody is at the front door, and rang 3 times")
    assert {note.key for note in phones[""].told} == {first.id}
    home.hears(_at(replace(first, subject="garden_gate"), 4))
    home.hears(_at(first, 60))
    assert len(phones[""].told) == 4
    assert home.sees(again, tmp_path / "1.jpg").startswith("sent to 1")


def test_the_picture_is_that_of_this_press(family, tmp_path):
    """It names the press that it belongs to; a further ring of this visitor sends no second one."""
    home, phones = family()
    first = event()
    second = _at(first, 3)
    home.hears(first)
    home.hears(second)
    assert home.sees(second, tmp_path / "2.jpg") == "another picture of the same visitor: not sent"
    home.sees(first, tmp_path / "1.jpg")
    (note,) = [note for note in phones[""].told if note.picture]
    assert (note.key, note.picture) == (first.id, tmp_path / "1.jpg")
    assert note.update == "Somebody is at the front door"


def test_a_ring_that_failed_and_comes_again_is_the_same_ring(family):
    """Its number does not grow, and it is not taken for a second one."""
    home, phones = family()
    press = event()
    phones[""].fails = True
    with pytest.raises(
        ConnectionError, match="1 of 1 services did not take it: fake answers 507: full"
    ):
        home.hears(press)
    phones[""].fails = False
    assert home.hears(replace(press, attempt=2)).startswith("sent to 1")
    assert phones[""].texts == ["Somebody is at the front door"]


def test_each_door_has_its_people(family):
    """Who is not asked about a door is not told of it."""
    home, phones = family(anna={"doors": ["front"]}, ben={"doors": ["garden_gate"]}, cleo={})
    home.hears(event(door="garden_gate"))
    assert Counter({name: len(phone.told) for name, phone in phones.items()}) == {
        "anna": 0,
        "ben": 1,
        "cleo": 1,
    }


def test_everybody_gets_answers_of_their_own(family):
    """So that it is known who answered; none where there is no address for them."""
    home, phones = family(anna={}, ben={})
    home.hears(event())
    buttons = {name: phones[name].told[0].buttons for name in ("anna", "ben")}
    assert [button.label for button in buttons["anna"]] == [
        "Coming",
        "Leave it at the door",
        "Snooze 1 h",
    ]
    assert not {button.url for button in buttons["anna"]} & {
        button.url for button in buttons["ben"]
    }
    assert all(button.url.startswith(WEB) for button in buttons["ben"])


def _hours(begin_h, end_h):
    now = datetime.now().astimezone()
    return {
        key: (now + timedelta(hours=h)).strftime("%H:%M:%S")
        for key, h in (("quiet_from", begin_h), ("quiet_to", end_h))
    }


def test_in_quiet_hours_a_phone_is_told_silently(family):
    """Or, where it can only ring, when they are over: as a visitor who was missed."""
    phones = {"ben": Fake(can_be_silent=False)}
    home, phones = family(phones=phones, anna=_hours(-1, 2), ben=_hours(-1, 2), cleo=_hours(1, 2))
    press = event()
    home.hears(press)
    assert [note.silent for name in ("anna", "cleo") for note in phones[name].told] == [True, False]
    assert phones["ben"].told == []
    assert 7100 < home.timers["notify.waited"] <= 7200
    (waited,) = home.later
    home.board.recipients = [replace(person, quiet=None) for person in home.board.recipients]
    data = {**waited.data, "at": (press.time - timedelta(hours=2)).isoformat()}
    home.hears(replace(waited, data=data))
    assert phones["ben"].texts[0].startswith("You missed a visitor at the front door at ")
    assert len(phones["anna"].told) == 1


def test_who_wants_no_more_gets_none_for_an_hour(family):
    """A snooze is one person's, and is remembered over a crash."""
    home, phones = family(anna={}, ben={})
    home.hears(event("visitor.answered", answer="snooze", by="anna", press="x"))
    home.hears(event())
    assert (len(phones["anna"].told), len(phones["ben"].told)) == (0, 1)
    home.hears(replace(event(), time=datetime.now(UTC) + timedelta(hours=1, seconds=1)))
    assert len(phones["anna"].told) == 1


def test_the_next_one_is_called_if_nobody_answers(family, tmp_path):
    """After the time that is set, with the picture; not if somebody has answered meanwhile."""
    home, phones = family(anna={}, ben={"after_s": 30})
    press = event()
    home.hears(press)
    assert home.timers == {"notify.waited": 30}
    (waited,) = home.later
    home.sees(press, tmp_path / "1.jpg")
    assert phones["ben"].told == []
    home.hears(waited)
    assert phones["ben"].told[0].picture == tmp_path / "1.jpg"
    assert phones["ben"].told[0].buttons
    home.hears(event("visitor.answered", answer="coming", by="anna", press=press.id))
    assert home.hears(waited) == "somebody has answered meanwhile"
    assert phones["ben"].texts[1:] == ["Front door: coming (anna)"]


@pytest.mark.parametrize("ahead_h", [-3, 3])
def test_an_answer_counts_for_its_own_visitor_whatever_the_clock_said(family, ahead_h):
    """An earlier boot's answer is not for who rings before the clock is set; a later answer is."""
    home, phones = family(anna={}, ben={"after_s": 30})
    answer = event("visitor.answered", answer="coming", by="anna", press="x")
    home.hears(replace(answer, boot="a" * 16, time=answer.time - timedelta(minutes=10)))
    home.hears(_seen(event(), 20, ahead_h=ahead_h, synchronised=False))
    (waited,) = home.later
    home.hears(waited)
    assert [note.text for note in phones["ben"].told]
    home.hears(_seen(answer, 40))
    assert home.hears(waited) == "somebody has answered meanwhile"


def _seen(one, uptime_s, *, ahead_h=0, **more):
    time = one.time + timedelta(hours=ahead_h)
    return replace(one, time=time, boot="b" * 16, uptime_s=uptime_s, **more)


@pytest.mark.parametrize("ahead_h", [-3, 3])
def test_a_snooze_lasts_an_hour_whatever_the_clock_said(family, ahead_h):
    """Nobody is woken before it is over, and no visitor is kept quiet after it."""
    home, phones = family(anna={}, ben={})
    snooze = event("visitor.answered", answer="snooze", by="anna", press="x")
    home.hears(_seen(snooze, 20, ahead_h=ahead_h, synchronised=False))
    home.hears(_seen(event(), 3000))
    assert (len(phones["anna"].told), len(phones["ben"].told)) == (0, 1)
    home.hears(_seen(event(), 4000))
    assert len(phones["anna"].told) == 1


def test_an_answer_of_an_earlier_version_is_known(family):
    """It noted the time in ISO 8601."""
    home, _ = family(anna={}, ben={"after_s": 30})
    press = event()
    home.hears(press)
    (waited,) = home.later
    home.memory["answered front"] = (press.time + timedelta(seconds=9)).isoformat()
    assert home.hears(waited) == "somebody has answered meanwhile"


def test_the_others_read_that_somebody_answers(family):
    """Silently, in the notification that they have; never as a second one, nor to the answerer."""
    home, phones = family(phones={"cleo": Fake(updates=False)}, anna={}, ben={}, cleo={})
    press = event()
    home.hears(press)
    home.hears(event("visitor.answered", answer="leave_it", by="anna", press=press.id))
    assert [len(phones[name].told) for name in ("anna", "ben", "cleo")] == [1, 2, 1]
    note = phones["ben"].told[1]
    assert (note.text, note.key, note.silent) == ("Front door: leave it (anna)", press.id, True)
    assert not note.buttons


def test_what_a_service_gave_is_given_back(family, tmp_path):
    """By the next process, too: it is remembered."""
    home, _ = family()
    press = event()
    home.hears(press)
    home.sees(press, tmp_path / "1.jpg")
    assert home.memory["sent"][f"{press.id} /0"] == {"before": {"before": None}}


def test_a_telling_is_an_event(family):
    """Others may react to it: the visitor hears that somebody was told."""
    home, _ = family()
    press = event()
    home.hears(press)
    assert home.emitted == [("notification.sent", {"press": press.id})]


def test_the_day_is_summed_up(family):
    """If anybody rang."""
    home, phones = family()
    home.hears(
        event(
            "clock.day_ended", "house", late_s=0, presses={"front": 3, "garden_gate": 1}, answers={}
        )
    )
    assert phones[""].texts == ["Rings today: 3 at the front door, 1 at the garden gate door"]
    assert (
        home.hears(event("clock.day_ended", "house", late_s=0, presses={}, answers={}))
        == "nobody rang today"
    )


def test_a_name_that_no_timer_can_have_is_a_fault_of_the_settings(shipped):
    """It would be found out at the first press, and nobody would be told of that."""
    for name in ("Anna", "jörg"):
        table = {"recipients": {name: {"urls": ["json://localhost"], "after_s": 30}}}
        with pytest.raises(SettingsError, match=r"not a name\. Use a-z"):
            shipped("notify", table)


def test_after_an_answer_nobody_is_told_how_often_it_rang(family):
    """The answer stays what the phones show."""
    home, _ = family()
    first = event()
    home.hears(first)
    home.hears(_at(first, 3))
    (again,) = home.later
    answer = event("visitor.answered", answer="coming", by="", via="command", press=first.id)
    home.hears(replace(answer, time=first.time + timedelta(seconds=5)))
    assert home.hears(again) == "somebody has answered meanwhile"


def test_an_answer_to_an_earlier_visitor_ends_no_call(family):
    """The next one waits still, and somebody has to come."""
    home, _ = family(anna={}, ben={"after_s": 30})
    home.hears(event())
    (call,) = home.later
    home.hears(
        event(
            "visitor.answered",
            answer="coming",
            by="anna",
            via="link",
            press="a-former-one",
            late=True,
        )
    )
    assert home.hears(call).startswith("sent to 1")


def test_who_was_called_later_reads_the_answer_too(family):
    """And only who was called: the others have heard of nothing yet."""
    home, phones = family(anna={}, ben={"after_s": 30}, cleo={"after_s": 60})
    first = event()
    home.hears(first)
    ben, _ = home.later
    home.hears(ben)
    home.hears(event("visitor.answered", answer="coming", by="anna", via="link", press=first.id))
    assert phones["ben"].texts[-1] == "Front door: coming (anna)"
    assert phones["cleo"].told == []


def test_an_answer_from_the_command_line_is_read_on_the_phones(family):
    """It names no press: it is about who rings now."""
    home, phones = family(anna={}, ben={})
    first = event()
    home.hears(first)
    home.hears(event("visitor.answered", answer="coming", by="", via="command", press=""))
    assert [phone.texts[-1] for phone in phones.values()] == ["Front door: coming"] * 2
    assert {phone.told[-1].key for phone in phones.values()} == {first.id}


def test_a_snooze_from_the_command_line_is_everybodys(family):
    """Nobody is named; and nobody is said to have been told."""
    home, phones = family(anna={}, ben={})
    home.hears(event("visitor.answered", answer="snooze", by="", via="command", press=""))
    assert home.hears(event()) == "no recipient now"
    assert home.emitted == []
    assert not phones["anna"].told


def test_a_picture_that_came_late_says_so(family, tmp_path):
    """The camera was away during the ring: the picture may show another person, and says so."""
    home, phones = family()
    first = event()
    home.hears(first)
    path = tmp_path / "1.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    taken = {"path": str(path), "door": "front"}
    home.hears(replace(event("snapshot.taken", **taken, after_s=22.4), cause=first.id))
    note = phones[""].told[-1]
    assert note.text.endswith(", 22 s after the ring")
    assert note.update.endswith("The picture was taken 22 s after the ring")
    said = home.hears(replace(event("snapshot.taken", **taken, after_s=7200), cause=first.id))
    assert said == "the picture was taken 7200 s after the ring: it shows somebody else, if anybody"
    assert len(phones[""].told) == 2


def test_who_is_called_later_gets_the_picture_from_another_process_too(family, tmp_path):
    """It is kept where a crash cannot take it."""
    home, phones = family(anna={}, ben={"after_s": 30})
    first = event()
    home.hears(first)
    (call,) = home.later
    home.sees(first, tmp_path / "1.jpg")
    home.board._pictures.clear()
    home.hears(call)
    assert phones["ben"].told[0].picture == tmp_path / "1.jpg"


def test_who_rings_on_and_on_is_told_of(family):
    """The count does not wait until it is quiet."""
    home, _ = family()
    first = event()
    waits = []
    for seconds in range(0, 12, 2):
        home.hears(_at(first, seconds) if seconds else first)
        waits += home.timers.values()
    assert waits == [10, 10, 10, 0, 10]


def test_a_morning_message_is_kept_when_another_service_is_down(family):
    """Who sleeps is told in the morning, whatever the others' services do."""
    now = datetime.now().astimezone()
    hours = {
        "quiet_from": f"{now - timedelta(minutes=5):%H:%M}",
        "quiet_to": f"{now + timedelta(minutes=5):%H:%M}",
    }
    anna, ben = Fake(can_be_silent=False), Fake()
    home, _ = family(phones={"anna": anna, "ben": ben}, anna=hours, ben={})
    ben.fails = True
    with pytest.raises(ConnectionError):
        home.hears(event())
    assert "notify.waited" in home.timers


def test_a_driver_that_breaks_is_that_phones_matter(family):
    """Whatever it raises, the others are told, once."""
    anna, ben = Fake(), Fake()
    home, _ = family(phones={"anna": anna, "ben": ben}, anna={}, ben={})
    ben.send = lambda *_: {}["result"]
    press = event()
    with pytest.raises(ConnectionError, match="did not take it: ben: fake: KeyError"):
        home.hears(press)
    with pytest.raises(ConnectionError):
        home.hears(press)
    assert len(anna.told) == 1, "a dead letter that is sent again begins with attempt 1"


def test_a_service_that_never_ends_its_answer_holds_nobody_up(family):
    """Nothing more is sent there than what is new, while it is at the first."""
    anna, ben, ends = Fake(), Fake(), threading.Event()
    home, _ = family(phones={"anna": anna, "ben": ben}, anna={}, ben={})
    ben.send = lambda *_: ends.wait(PATIENCE_S)
    home.board.patience = Patience(beside_others=0.2)

    def waits_for_ben(press):
        with pytest.raises(ConnectionError) as told:
            home.hears(press)
        return "waits for 1 of 2 services: ben: fake has not answered yet" in str(told.value)

    for door in ("front", "garden_gate"):
        until(partial(waits_for_ben, event(door=door)), "anna's answer is read")
    assert len(anna.told) == 2
    ends.set()


def test_a_day_that_is_summed_up_late_is_named(family):
    """After an outage "today" would be wrong."""
    home, phones = family()
    ended = event("clock.day_ended", "house", presses={"front": 3})
    ended = replace(ended, time=ended.time - timedelta(hours=5))
    home.hears(ended)
    day = f"{ended.time.astimezone():%A %H:%M}"
    assert phones[""].texts == [f"Rings in the 24 hours to {day}: 3 at the front door"]
