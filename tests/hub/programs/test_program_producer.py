"""The producer of a program: an id is an event, and what was published is in the journal."""

from types import SimpleNamespace

import pytest

import hub
import hub.producer.producer
from config import JournalSettings, SettingsError
from hub import BadEvent
from hub.programs.program_producer import ProgramProducer
from hub.store.state import StateError
from tests.hub.fakes import HOUSE, rows
from tests.hub.listener import Listener

SHOP = "doorbell/producer/shop"


@pytest.fixture
def program(states, net):
    settings = SimpleNamespace(journal=JournalSettings())
    bus, state = net.bus(), states("producer-shop")
    return SimpleNamespace(source=SHOP, bus=bus, state=state, settings=settings, rival="")


@pytest.fixture
def shop(program):
    with ProgramProducer(program) as shop:
        yield shop


def test_an_event_goes_out_below_the_role_of_producers(net, shop):
    """The subject is the program's name where it says none, and the id is its own."""
    event = shop.publish("order.placed", {"sku": "bell"}, id="order-1")
    assert net.heard[-1][0] == HOUSE.event(SHOP, "order.placed", "shop")
    assert (event.id, event.source, event.sequence) == ("order-1", SHOP, 1)
    assert net.events("order.placed") == [event]


def test_the_same_id_again_is_the_same_event(net, shop, program):
    """It is not journaled twice, nor published twice; the data of the first one counts."""
    first = shop.publish("order.placed", {"sku": "bell"}, id="order-1")
    assert shop.publish("order.placed", {"sku": "gong"}, id="order-1") == first
    assert net.events("order.placed") == [first]
    assert rows(program.state, "SELECT COUNT(*) FROM journal") == [(1,)]


def test_an_id_names_one_event_only(shop):
    """Of another type or subject it is a mistake of the program, and it is told."""
    shop.publish("order.placed", id="1")
    with pytest.raises(BadEvent, match="is the id of another event"):
        shop.publish("order.cancelled", id="1")


def test_what_is_in_memory_only_is_not_called_done(net, shop, program):
    """On a full disk its sender is not told that it is safe; sent again later it is the same."""
    program.state.fallback.disk_fault = "the disk is full."
    with pytest.raises(StateError, match="the disk is full"):
        shop.publish("order.placed", id="1")
    program.state.fallback.disk_fault = ""
    event = shop.publish("order.placed", id="1")
    assert net.events("order.placed") == [event]


@pytest.mark.parametrize("bad", ["", "x" * 65, "a\nb"])
def test_an_id_is_a_short_text(shop, bad):
    """No reader would take another one."""
    with pytest.raises(BadEvent, match="1 to 64 characters"):
        shop.publish("order.placed", id=bad)


@pytest.mark.parametrize("kind", ["doorbell.pressed", "handler.done", "visitor.answered"])
def test_a_program_cannot_ring(shop, kind):
    """Nor speak for a handler's outcomes."""
    with pytest.raises(BadEvent, match="only a"):
        shop.publish(kind)


def test_what_follows_is_in_the_trace(shop):
    """With its cause, so that `doorbell trace` shows both."""
    placed = shop.publish("order.placed", id="1")
    paid = shop.publish("order.paid", id="2", cause=placed)
    assert paid.cause == "1"
    assert paid.traceparent.split("-")[1] == placed.traceparent.split("-")[1]


def test_a_consumer_that_was_away_gets_it(net, states, shop, program):
    """It replies to queries from its journal, like every process that publishes."""
    program.bus.connected.clear()
    first = shop.publish("order.placed", id="1")
    listener = Listener(states("notify"), net.bus(), ("order.placed",))
    program.bus.connected.set()
    listener.work()
    assert listener.taken == [first.id]


def test_a_second_process_of_its_name_ends_it(shop, program):
    """Two journals of one source would number two events alike."""
    program.rival = "another producer is called shop"
    with pytest.raises(RuntimeError, match="another producer"):
        shop.publish("order.placed")


def test_the_public_names_are_functions_whatever_is_imported():
    """`hub.producer` is the function, although there is a room of this name."""
    assert callable(hub.producer)
    assert hub.follower.__module__ == "hub.programs"
    with pytest.raises(SettingsError, match="'The Shop' is not the name of a producer"):
        hub.producer("The Shop").__enter__()
