"""Presses of the hub, and how a handler takes them."""

from dataclasses import replace

from hub import testing
from hub.wire import streams
from tests.hub.fakes import HUB, PRESSED

STREAM = streams.of(HUB, PRESSED, "front")
EPOCH = "0" * 16


def press(sequence, epoch=EPOCH):
    return replace(testing.event(), source=HUB, sequence=sequence, epoch=epoch)


def finish(state, inbox, delivery):
    with state.write() as db:
        inbox.finish(db, delivery)


def take(state, inbox, sequence):
    """Claim and finish an event; gives whether it was new."""
    delivery = inbox.claim(press(sequence))
    if delivery:
        finish(state, inbox, delivery)
    return delivery is not None
