"""The follower: each stream in the order of its journal, whatever the wire does."""

import pytest

import hub
from config import SettingsError
from hub.consumer.catchup.catchup import CatchUp
from hub.consumer.catchup.queries.paging import Ask, about
from hub.consumer.catchup.round import Round
from hub.producer.producer import Producer
from hub.programs.event_follower import Follower
from hub.store.cursors import Cursors
from hub.wire.event import decode
from hub.wire.query import HEADS, Query
from tests.house import until
from tests.hub.fakes import HUB, NOTIFY, PRESSED, journaled, opened_state, ring

DOORS = 300


@pytest.fixture
def follow(states, net):
    """Opens a follower; again with the same file."""
    made = {}

    def opened(name="relay"):
        if name not in made:
            made[name] = states(name)
        return Follower(net.bus(), made[name], NOTIFY, ("*",), 3600.0)

    return opened


def _take(follower, count):
    """So many events, each batch finished before the next."""
    taken = []

    def is_there():
        taken.extend(event for event, _ in follower.take(wait_s=0.1))
        follower.finish()
        return len(taken) >= count

    until(is_there, lambda: f"{count} events: {taken}")
    assert not follower.take(wait_s=0.05)
    return taken


def _numbers(follower, count):
    return [event.sequence for event in _take(follower, count)]


def test_live_events_come_as_they_are(hub, follow):
    """Each with the bytes that were published, and once."""
    follower = follow()
    first = ring(hub)
    assert _take(follower, 1) == [first]
    events = [ring(hub) for _ in range(3)]
    taken = follower.take()
    assert [event for event, _ in taken] == events
    assert [decode(payload) for _, payload in taken] == events


def test_an_early_event_waits_for_the_one_before(hub, net, follow):
    """A handler would take number 3 at once; who copies gets 2 first, from the journal."""
    follower = follow()
    ring(hub)
    assert _numbers(follower, 1) == [1]
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    ring(hub)
    net.fate = lambda *_: 1
    ring(hub)
    assert _numbers(follower, 2) == [2, 3]


def test_the_order_is_that_of_the_journal_however_the_wire_mixes_it(hub, net, follow):
    """Delivered backwards: none is lost, none comes twice."""
    follower = follow()
    ring(hub)
    assert _numbers(follower, 1) == [1]
    net.fate = lambda topic, _: -1 if "/event/" in topic else 1
    for _ in range(10):
        ring(hub)
    net.fate = lambda *_: 1
    net.release(range(9, -1, -1))
    assert _numbers(follower, 10) == list(range(2, 12))


def test_what_is_not_finished_comes_again(hub, follow):
    """At least once: after a crash from where `finish` was called last."""
    first = follow()
    for _ in range(4):
        ring(hub)
    until(lambda: first.take(wait_s=0.1), "something to take")
    second = follow()
    assert _numbers(second, 4) == [1, 2, 3, 4]
    ring(hub)
    assert _numbers(follow(), 1) == [5]


def test_one_batch_is_finished_before_the_next(hub, follow):
    """A query names what is finished; without that it would ask for the same again."""
    follower = follow()
    ring(hub)
    until(lambda: follower.take(wait_s=0.1), "something to take")
    with pytest.raises(RuntimeError, match=r"finish\(\) what was taken before"):
        follower.take()


@pytest.mark.parametrize("epochs", [("aaaaaaaaaaaaaaaa", "0" * 16), ("0" * 16, "aaaaaaaaaaaaaaaa")])
def test_an_older_numbering_comes_before_a_newer_one(tmp_path, net, follow, epochs):
    """After a boot of the producer, whichever of its epochs is the smaller text."""
    state = opened_state(tmp_path / "hub.db")
    for epoch in epochs:
        state.epochs.current = epoch
        for _ in range(120):
            journaled(state)
    hub = Producer(state, net.bus(), HUB)
    follower = follow()
    live = ring(hub)
    taken = [(event.epoch, event.sequence) for event in _take(follower, 241)]
    owed = [(epoch, number) for epoch in epochs for number in range(1, 121)]
    assert taken == [*owed, (live.epoch, live.sequence)]
    state.close()


def test_a_new_numbering_does_not_overtake_the_old_one(tmp_path, net, follow):
    """Its first event, live, waits for a reply: something may be owed of the boot before."""
    state = opened_state(tmp_path / "hub.db")
    hub = Producer(state, net.bus(), HUB)
    follower = follow()
    first = ring(hub)
    assert _numbers(follower, 1) == [1]
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    lost = ring(hub)
    net.fate = lambda *_: 1
    state.begin_epoch()
    newer = ring(hub)
    assert _take(follower, 2) == [lost, newer]
    assert (lost.epoch, newer.epoch) == (first.epoch, state.epoch)
    state.close()


def test_a_producer_that_never_sends_it_is_named_in_the_status(hub, net, follow, monkeypatch):
    """The gap is kept: an event that was overtaken cannot be put in its place later."""
    monkeypatch.setattr("hub.programs.event_follower.GAP_S", 0.0)
    follower = follow()
    ring(hub)
    assert _numbers(follower, 1) == [1]
    noted = {}
    follower._bus.note = noted.__setitem__
    net.fate = lambda *_: 0
    ring(hub)
    net.fate = lambda topic, _: 0 if "/reply/" in topic else 1
    ring(hub)
    assert follower.take(wait_s=0.1) == []
    words = "an event is missing, and its producer does not send it"
    assert noted["gap"] == f"{HUB} {PRESSED} front: {words}"
    net.fate = lambda *_: 1
    assert _numbers(follower, 2) == [2, 3]
    assert noted["gap"] == ""


def test_a_follower_has_no_handlers_name(tmp_path):
    """It would move the cursors of a handler that is off, which would miss a press."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "notify.py").write_text("")
    config = tmp_path / "doorbell.toml"
    config.write_text(f'state_dir = "{tmp_path}"\nhandlers_dir = "{tmp_path}/handlers"\n')
    with pytest.raises(SettingsError, match="notify is a handler of this house"):
        hub.follower("notify", "*", config=config).__enter__()
    assert not (tmp_path / "notify.db").exists()


def _finish_round(follower):
    """Ask once more for everything, and wait until no query is due."""
    follower._catch_up.ask_soon(["*"])
    until(
        lambda: not follower.take(wait_s=0.05) and follower._catch_up.ask_what_is_due() > 3,
        "a round is over",
    )


def _asked(net):
    return [Query.decode(load) for topic, load in net.heard if "/query/" in topic]


def test_a_gap_at_one_of_many_doors_asks_about_that_door(hub, net, follow):
    """The others are not named: with ten thousand doors that would be a hundred queries."""
    follower = follow()
    for door in range(DOORS):
        ring(hub, f"door{door}")
    _take(follower, DOORS)
    _finish_round(follower)
    net.heard.clear()
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    ring(hub, "door7")
    net.fate = lambda *_: 1
    ring(hub, "door7")
    assert _numbers(follower, 2) == [2, 3]
    (query,) = _asked(net)
    assert [stream for stream, *_ in query.cursors] == [f"{HUB} {PRESSED} door7"]


def test_many_doors_that_ring_first_share_queries(hub, net, follow):
    """One by one they would wait for as many replies as there are doors."""
    follower = follow()
    ring(hub)
    _take(follower, 1)
    net.heard.clear()
    for door in range(DOORS):
        ring(hub, f"door{door}")
    assert {event.subject for event in _take(follower, DOORS)} == {
        f"door{door}" for door in range(DOORS)
    }
    assert len(_asked(net)) < DOORS / 10


def test_asking_about_one_door_does_not_put_off_the_others(net, states, hub):
    """A round is due once a minute, however often a single door was asked about meanwhile."""
    round_ = Round()
    bus = net.bus()
    queries = CatchUp(bus, Cursors(states("relay")), NOTIFY, {"*": 0.0}, lambda: None)

    def ask(now):
        asked = round_.next(now)
        round_.sent(asked, queries._query("*", asked, []), now)
        return asked

    assert ask(0.0) == Ask()
    assert round_.settle(Ask(), 1.0)
    due = round_.ask_at
    for now in (10.0, 50.0):
        round_.add(about(f"{HUB} {PRESSED} front"))
        assert round_.ask_at == 0.0
        narrow = ask(now)
        assert narrow.is_narrow
        assert not round_.settle(narrow, now + 1)
        assert round_.ask_at == due


def test_a_new_door_waits_for_no_reply_once_all_others_are_known(hub, net, follow):
    """Since the last boot the producer has named all numberings: none of them is this door's."""
    follower = follow()
    ring(hub)
    _take(follower, 1)
    _finish_round(follower)
    net.heard.clear()
    ring(hub, "back")
    assert [event.subject for event in _take(follower, 1)] == ["back"]
    assert _asked(net) == []


def test_a_door_that_rang_before_the_boot_waits_for_a_reply(tmp_path, net, follow):
    """Also where all is known: something of it may be owed, and comes first."""
    state = opened_state(tmp_path / "hub.db")
    hub = Producer(state, net.bus(), HUB)
    follower = follow()
    ring(hub, "back")
    _take(follower, 1)
    state.begin_epoch()
    ring(hub)
    _take(follower, 1)
    _finish_round(follower)
    net.heard.clear()
    ring(hub, "back")
    _take(follower, 1)
    assert len(_asked(net)) == 1
    state.close()


EPOCHS = ("8" * 16, "a" * 16, "5" * 16)  # in their order, which is not that of their text


def test_a_page_of_cursors_does_not_cut_a_stream(states, net, follow):
    """Of a newer numbering on the first page nothing comes before the rest of an older one."""
    state = states("hub")
    followed = follow()
    for epoch in EPOCHS[:2]:
        state.epochs.current = epoch
        journaled(state)
    hub = Producer(state, net.bus(), HUB)
    assert _numbers(followed, 2) == [1, 1]
    net.fate = lambda *_: 0
    ring(hub)
    state.epochs.current = EPOCHS[2]
    ring(hub)
    net.fate = lambda *_: 1
    again = follow()
    again._catch_up._most = 2
    assert [event.epoch for event in _take(again, 2)] == list(EPOCHS[1:])


def test_a_page_of_a_reply_does_not_cut_a_stream(states, net, follow):
    """There are more numberings than it holds: those of one door stay together."""
    state = states("hub")
    said = {f"door{door:02}": [] for door in range(HEADS // 3 + 1)}
    for epoch in EPOCHS:
        state.epochs.current = epoch
        for door, events in said.items():
            events.append(journaled(state, subject=door).id)
    Producer(state, net.bus(), HUB)
    taken = _take(follow(), sum(map(len, said.values())))
    for door, events in said.items():
        assert [event.id for event in taken if event.subject == door] == events
