"""Years of boots, producers that are gone, and hundreds of producers: no query grows with them."""

import json

from hub.consumer.catchup.queries.replies import BACKLOG_BYTES
from hub.consumer.catchup.round import TRIES
from hub.producer.producer import Producer
from hub.wire.query import CURSORS, EVENTS, Query, Reply, digest
from tests.hub.fakes import HOUSE, HUB, PRESSED, ring, rows
from tests.hub.listener import Listener

BOOTS = 365
SMALL = 1000  # bytes of a query, whatever has happened in the years before


def _queries(net):
    return [load for topic, load in net.heard if "/query/" in topic]


def _lose_events(net):
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1


def _boot(producer, times, door="front"):
    """So many boots, with a press in each."""
    said = []
    for _ in range(times):
        producer._state.begin_epoch()
        said.append(ring(producer, door).id)
    return said


def test_a_year_of_daily_boots_makes_no_query_larger(net, states, producer, listener):
    """What is finished is told by one digest, and a press that was missed comes at once."""
    said = _boot(producer, BOOTS)
    listener.work()
    assert sorted(listener.taken) == sorted(said)
    net.heard.clear()
    listener.catch_up.ask_all()
    listener.work()
    _lose_events(net)
    missed = [ring(producer).id, *_boot(producer, 1)]
    again = Listener(listener.state, net.bus())
    again.work()
    assert sorted(again.taken) == sorted(missed)
    assert max(map(len, _queries(net))) < SMALL


def test_a_numbering_that_the_digest_hides_is_named_when_it_is_not_whole(
    net, states, producer, listener
):
    """An event of an old epoch that was never had: the digests differ, and it comes."""
    _boot(producer, CURSORS)
    _lose_events(net)
    (missed,) = _boot(producer, 1)
    net.fate = lambda topic, _: 0 if "/reply/" in topic else 1
    said = _boot(producer, CURSORS)
    listener.work()
    net.fate = lambda _, __: 1
    listener.catch_up.ask_all()
    listener.work()
    assert missed in listener.taken
    assert len(listener.taken) == 2 * CURSORS + 1 == len(set(listener.taken))
    assert said[-1] in listener.taken


def test_an_old_numbering_that_is_gone_makes_the_digests_differ_once(net, producer, listener):
    """The producer's retention took it; from then on the consumer leaves it out."""
    _boot(producer, 2 * CURSORS)
    listener.work()
    with producer._state.write() as db:
        (oldest,) = db.execute("SELECT epoch FROM journal ORDER BY position LIMIT 1").fetchone()
        db.execute("DELETE FROM journal WHERE epoch = ?", (oldest,))
        db.execute("DELETE FROM numbering WHERE epoch = ?", (oldest,))
    listener.catch_up.ask_all()
    listener.work()
    net.heard.clear()
    listener.catch_up.ask_all()
    listener.work()
    assert max(map(len, _queries(net))) < SMALL


def test_a_producer_that_is_gone_costs_no_pages(net, states, producer, listener):
    """Thousands of cursors of a removed handler, and still one query a round."""
    gone = "doorbell/hub/gone"
    old = Producer(states("gone"), bus := net.bus(), gone)
    doors = [f"door{number:03}" for number in range(3 * CURSORS)]
    for door in doors:
        ring(old, door)
    listener.work()
    bus.connected.clear()
    again = Listener(listener.state, net.bus())
    net.heard.clear()
    said = ring(producer)
    again.work()
    again.catch_up.ask_all()
    again.work()
    assert said.id in again.taken
    assert max(map(len, _queries(net))) < SMALL
    assert len(_queries(net)) <= 2 * TRIES


def test_the_cursors_of_a_producer_that_was_silent_for_a_year_go(net, states, producer, listener):
    """And should it come back after all, none of its events is taken a second time."""
    gone = "doorbell/hub/gone"
    old = Producer(states("gone"), bus := net.bus(), gone)
    first = ring(old)
    ring(producer)
    listener.work()
    bus.connected.clear()
    clock = listener.state.clock
    clock.passed_s += 500 * 86_400
    ring(producer)
    again = Listener(listener.state, net.bus())
    again.work()
    assert rows(listener.state, "SELECT source FROM producer") == [(HUB,)]
    assert len(again.cursors.of_type(PRESSED)) == 1
    bus.connect()
    old._state.clock.passed_s += 500 * 86_400
    late = ring(old, age_s=-500 * 86_400)
    again.catch_up.ask_all()
    again.work()
    assert first.id not in again.taken
    assert late.id in again.taken


def test_the_replies_of_two_hundred_producers_are_all_read(net, states):
    """Those that have no room are asked for again, each alone: it comes to an end."""
    many = 200
    producers = [
        Producer(states(f"hub{number}"), net.bus(), f"doorbell/hub/h{number}")
        for number in range(many)
    ]
    text = "x" * (BACKLOG_BYTES // many * 2)  # so that half of them have no room
    said = [ring(producer, text=text).id for producer in producers]
    listener = Listener(states("notify"), net.bus())
    listener.work()
    assert sorted(listener.taken) == sorted(said)
    assert len(rows(listener.state, "SELECT source FROM producer")) == many


def test_a_consumer_that_is_wanted_all_the_time_goes_round(net, states, producer):
    """A gap before each reply: the pages behind the first one have their turn, too."""
    doors = [f"door{number:03}" for number in range(20)]
    for door in doors:
        ring(producer, door)
    listener = Listener(states("notify"), net.bus(), most_cursors=2)
    listener.work()
    _lose_events(net)
    missed = ring(producer, doors[-1])
    kept = net.fate
    net.fate = lambda topic, load: -1 if "/reply/" in topic else kept(topic, load)
    listener.catch_up.ask_all()
    for _ in range(100):
        listener.catch_up.ask_what_is_due()
        listener.catch_up.ask_soon([PRESSED])
        net.release()
        while event := listener.catch_up.next_event():
            listener._take(event.event)
    assert missed.id in listener.taken


def test_a_reply_that_says_more_for_ever_is_asked_for_once_again(net, states, listener, caplog):
    """As soon as it leads to nothing new, the consumer rests."""
    bus = net.bus()

    def reply(message):
        query = Query.decode(message.payload)
        forged = Reply(query.request, HUB, (), more=True, gone=(), events=())
        bus.publish(HOUSE.reply(HUB, "notify"), forged.encode_with([]))

    bus.subscribe(HOUSE.every_query(), reply)
    assert listener.work() > 1
    assert len(_queries(net)) < 5
    assert "never sends it" in caplog.text


def test_two_replies_to_the_same_query_are_no_sign_of_a_liar(
    net, states, producer, listener, caplog
):
    """They come so late that the query was repeated, at last at its smallest: all have more."""
    _lose_events(net)
    said = [ring(producer).id for _ in range(EVENTS + 1)]
    lost = net.fate
    net.fate = lambda topic, load: -1 if "/reply/" in topic else lost(topic, load)
    for _ in range(8):
        listener.catch_up._rounds[PRESSED].ask_at = 0  # its time is over
        listener.catch_up.ask_what_is_due()
    assert len(_queries(net)) == 8
    net.fate = lost
    net.release()
    listener.work()
    assert listener.taken == said
    assert "never sends it" not in caplog.text


def test_the_digest_of_a_set_does_not_depend_on_its_order():
    """Two sides that have the same say the same; else they do not."""
    one, other = ("a b c", "0" * 16, 1), ("a b d", "0" * 16, 1)
    assert digest([one, other]) == digest([other, one])
    assert digest([one]) != digest([other])
    assert digest([]) == "0" * 16


def test_a_producer_compares_the_digest_with_what_it_has_closed(net, states, producer, listener):
    """The same digest: nothing is owed. Another one: it says so, and sends nothing."""
    _boot(producer, 3)
    closed = producer._replies._backlog.closed(PRESSED)
    bus = net.bus()
    for settled, is_unsettled in ((digest(closed), False), ("f" * 16, True)):
        query = {"request": "r", "cursors": [], "known": [HUB], "since": 0}
        query["settled"] = [[HUB, settled]]
        net.heard.clear()
        bus.publish(HOUSE.query("doorbell/handler/other", PRESSED), json.dumps(query).encode())
        (load,) = [load for topic, load in net.heard if "/reply/" in topic]
        reply = Reply.decode(load)
        assert reply.unsettled is is_unsettled
        assert len(reply.events) == (0 if is_unsettled else 1)
