"""The wish to be quiet, from another process: what it says when nothing confirms it."""

import pytest

from config import Settings
from hub.remote import quiet
from hub.remote.confirmed import UnconfirmedError, UnsentError
from hub.remote.quiet import QuietClient


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    """No answer comes."""
    monkeypatch.setattr(quiet, "PATIENCE_S", 0.1)
    monkeypatch.setattr(quiet, "AGAIN_S", 0.05)


@pytest.mark.parametrize("is_connected", [True, False])
def test_without_a_broker_nothing_was_sent(net, is_connected):
    """Without a hub the command was, and may be carried out later."""
    bus = net.bus()
    if not is_connected:
        bus.connected.clear()
    with pytest.raises(UnconfirmedError) as found:
        QuietClient(bus, Settings()).send("on")
    assert isinstance(found.value, UnsentError) != is_connected
