"""The embedded broker: who comes while others come is heard all the same."""

import signal
import threading

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from hub.mqtt.own_broker.embedded_broker import _Subscriptions
from tests.forked import PATIENCE_S
from tests.house import Ears, until

CROWD = 30
MUCH = 3000  # messages, more than the system keeps for a client that does not read


def test_what_is_subscribed_meanwhile_ends_nobodys_turn():
    """Going through the subscriptions while others subscribe or leave is no error."""
    subscriptions = _Subscriptions({"a": [], "b": []})
    for name in subscriptions:
        subscriptions[f"{name}/more"] = []
        subscriptions.pop("b", None)
    assert list(subscriptions) == ["a", "a/more", "b/more"]


def test_a_message_reaches_all_although_one_of_them_leaves_meanwhile():
    """Going through filters and subscribers while somebody leaves skips nobody and is no error."""
    subscriptions = _Subscriptions({"a/#": ["leaver", "one"], "#": ["leaver"], "a/b": ["two"]})
    reached = []
    for topic_filter, who in subscriptions.items():
        for client in who:
            reached.append((topic_filter, client))
            subscriptions.pop("#", None)
            if "leaver" in subscriptions["a/#"]:
                subscriptions["a/#"].remove("leaver")
    assert reached == [("a/#", "leaver"), ("a/#", "one"), ("#", "leaver"), ("a/b", "two")]


def test_nobody_stays_deaf_in_a_crowd(embedded):
    """Many connect and subscribe at the same moment: each is confirmed, and hears its topic."""
    confirmed, heard = set(), set()
    ears = Ears(embedded.port)
    ears.publish("kept", b"by the broker", retain=True)
    clients = []
    gate = threading.Barrier(CROWD)

    def join(number):
        client = Client(CallbackAPIVersion.VERSION2, f"guest-{number}", reconnect_on_failure=False)
        client.on_connect = lambda *_: client.subscribe(
            [(f"guest/{number}/{n}", 0) for n in range(5)]
        )
        client.on_subscribe = lambda *_: confirmed.add(number)
        client.on_message = lambda *_: heard.add(number)
        clients.append(client)
        gate.wait(PATIENCE_S)
        client.connect("127.0.0.1", embedded.port)
        client.loop_start()

    guests = [threading.Thread(target=join, args=(number,)) for number in range(CROWD)]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()
    try:
        until(lambda: len(confirmed) == CROWD, lambda: f"all are confirmed: {sorted(confirmed)}")
        for number in range(CROWD):
            clients[0].publish(f"guest/{number}/0", b"hello", qos=1)
        until(lambda: len(heard) == CROWD, lambda: f"all hear: {sorted(heard)}")
    finally:
        for client in clients:
            client.disconnect()
            client.loop_stop()
        ears.close()


def test_what_is_kept_goes_to_who_subscribed_to_it(embedded):
    """A stranger gets nothing, whoever else listens to everything; who asks for it gets it once."""
    everything = Ears(embedded.port)
    everything.publish("kept", b"by the broker", retain=True)
    until(lambda: everything.heard, "it is kept")
    stranger, friend = Ears(embedded.port, "a/b"), Ears(embedded.port, "kept")
    try:
        everything.publish("a/b", b"hello")
        everything.publish("kept", b"and live")
        until(lambda: len(friend.heard) >= 2 and stranger.heard, "both hear what is theirs")
        assert [payload for _, payload, _ in friend.heard] == [b"by the broker", b"and live"]
        assert [payload for _, payload, _ in stranger.heard] == [b"hello"]
    finally:
        for ears in (everything, stranger, friend):
            ears.close()


def test_a_client_that_reads_nothing_does_not_keep_it(embedded):
    """Told to end, the broker ends, whatever its clients do: who runs it may be dead already."""
    confirmed, accepted = threading.Event(), []
    deaf, speaker = (
        Client(CallbackAPIVersion.VERSION2, name, reconnect_on_failure=False)
        for name in ("deaf", "speaker")
    )
    deaf.on_connect = lambda *_: deaf.subscribe("much", 1)
    deaf.on_subscribe = lambda *_: confirmed.set()
    speaker.on_publish = lambda *_: accepted.append(1)
    for client in (deaf, speaker):
        client.connect("127.0.0.1", embedded.port)
        client.loop_start()
    assert confirmed.wait(PATIENCE_S)
    deaf.loop_stop()
    for _ in range(MUCH):
        speaker.publish("much", bytes(4000), 1)
    until(lambda: len(accepted) >= MUCH / 3, lambda: f"the broker is busy: {len(accepted)}")
    embedded.stop(signal.SIGTERM)
    for client in (deaf, speaker):
        client.disconnect()
        client.loop_stop()
        client.loop_misc()
