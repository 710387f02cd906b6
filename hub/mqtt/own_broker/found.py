"""Looks whether a broker listens on this machine already, and lets us in."""

import socket

from config import Broker
from hub.mqtt.bus import Bus
from hub.mqtt.own_broker.address import is_of_a_run

KNOCK_S = 1.0
ANSWER_S = 4.0


def listens(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), KNOCK_S).close()
    except OSError:
        return False
    return True


def protocol_of(broker: Broker) -> str:
    """Which version of MQTT a broker on this machine speaks with us: `5.0` or `3.1.1`.

    Args:
        broker: The settings, without a host.

    Returns:
        Nothing where no broker is, where it does not let us in, and where it is the own broker of
        another house.
    """
    port = broker.own_port
    if is_of_a_run(port) or not listens(port):
        return ""
    bus = Bus(broker)
    bus.start()
    try:
        return bus.protocol if bus.connected.wait(ANSWER_S) else ""
    finally:
        bus.stop()
