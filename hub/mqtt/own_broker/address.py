"""Where the broker of `doorbell run` listens: other commands find it, and two do not collide."""

import socket

from config import Settings, SettingsError
from hub.system.files.port_file import read_port

PORT_FILE = "own-broker-port"
TRIES = 5


def with_running_broker(settings: Settings) -> Settings:
    """The settings, with the broker that `doorbell run` uses now, where they name none."""
    port = read_port(settings.state_dir / PORT_FILE)
    if settings.broker.host is not None or port is None:
        return settings
    broker = settings.broker.model_copy(update={"host": "127.0.0.1", "port": port})
    return settings.model_copy(update={"broker": broker})


def is_of_a_run(port: int) -> bool:
    """Whether the port of this machine belongs to the own broker of a `doorbell run`."""
    try:
        _reservation(port).close()
    except OSError:
        return True
    return False


def reserve_port(wanted: int) -> tuple[int, socket.socket]:
    """The wanted port if no process listens there (another broker often does), else any free one.

    The port is reserved against another `doorbell run` that starts at the same moment: both would
    find it free before one of their brokers listens.

    Returns:
        The port, and what keeps it reserved until it is closed.

    Raises:
        SettingsError: no port is free.
    """
    for port in (wanted, *[0] * TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                found = int(probe.getsockname()[1])
                return found, _reservation(found)
            except OSError:
                continue
    raise SettingsError([f"port {wanted} and every other port is taken"])


def _reservation(port: int) -> socket.socket:
    """A socket with a name that stands for the port, without a file: unix(7), "abstract".

    Raises:
        OSError: another process has it.
    """
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind(f"\0doorbell-own-broker-{port}")
    except OSError:
        held.close()
        raise
    return held
