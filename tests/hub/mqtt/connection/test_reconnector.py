"""What a connection leaves behind when the next one is made."""

import gc
import weakref
from unittest.mock import Mock

from paho.mqtt.enums import MQTTProtocolVersion

from config import Broker
from hub.mqtt.connection.clients.client import ClientFactory
from hub.mqtt.connection.reconnector import Reconnector
from hub.mqtt.connection.turn import Turn


def test_a_client_is_freed_without_the_collector():
    """That one looks seldom in a process that has settled in, and its socket would stay open."""
    connections = Reconnector(ClientFactory(Broker()), "memory", Mock(), Turn())
    client = connections._new_client(MQTTProtocolVersion.MQTTv5)
    is_there = weakref.ref(client)
    gc.disable()
    try:
        client.close()
        del client
        connections._user.reset_mock()  # it remembers what it was given
        assert is_there() is None
    finally:
        gc.enable()
