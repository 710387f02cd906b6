"""Where the broker of `doorbell run` listens."""

import socket

import pytest

from config import Settings
from hub.mqtt.own_broker.address import PORT_FILE, reserve_port, with_running_broker
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


@pytest.mark.parametrize(("content", "port"), [(None, None), ("", None), ("1", 1)])
def test_the_broker_that_runs_is_found_by_the_port_that_it_left(tmp_path, content, port):
    """A `doorbell run` that begins or ends at this moment has left none."""
    if content is not None:
        (tmp_path / PORT_FILE).write_text(content)
    assert with_running_broker(Settings(state_dir=tmp_path)).broker.port == port
