"""The sync of a claim: it waits for that of the outcome, but not for long."""

import os

from tests.house import until
from tests.hub.fakes import consumer_of, does, outcomes, reaction, ring, run_until


def test_a_long_reaction_does_not_keep_its_claim_from_the_disk(net, states, hub, monkeypatch):
    """The bus looks now and then, and then what could wait is synced."""
    syncs = []
    sync = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda log: (sync(log), syncs.append(log)))
    bus = net.bus()
    state = states("notify")

    def take_long(*_):
        state.sync()
        before = len(syncs)
        state.do(lambda db: db.execute("INSERT INTO memory VALUES ('a', '1')"), can_wait=True)
        for look in bus.on_look:
            look()
        until(lambda: len(syncs) > before, "no sync")

    consumer = consumer_of(state, bus, reaction(does(take_long), "doorbell.pressed"))
    ring(hub)
    run_until(consumer, lambda: outcomes(state), "no outcome")
