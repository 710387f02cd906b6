"""Where the broker of `doorbell run` listens."""

import socket

from hub.mqtt.own_broker.address import reserve_port
from tests.house import free_port


def test_a_reserved_port_is_not_given_again():
    """Two `doorbell run` that start together ask before either broker listens."""
    wanted = free_port()
    port, reserved = reserve_port(wanted)
    other, also = reserve_port(wanted)
    with reserved, also:
        assert port == wanted
        assert other != wanted
    again, held = reserve_port(wanted)
    held.close()
    assert again == wanted


def test_a_port_on_which_another_program_listens_is_left_alone():
    """Another broker often has 1883."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        port, reserved = reserve_port(taken)
        reserved.close()
        assert port != taken
