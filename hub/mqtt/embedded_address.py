"""Where the embedded broker listens."""

import socket

from config import Settings, SettingsError

PORT_FILE = "embedded-broker-port"


def with_embedded_broker(settings: Settings) -> Settings:
    """The settings, with the address of the embedded broker where it runs and no other is set."""
    port_file = settings.state_dir / PORT_FILE
    if settings.broker.host is not None or not port_file.is_file():
        return settings
    broker = settings.broker.model_copy(
        update={"host": "127.0.0.1", "port": int(port_file.read_text(encoding="ascii"))}
    )
    return settings.model_copy(update={"broker": broker})


def free_port(wanted: int) -> int:
    """The wanted port if nobody listens there (another broker often does), else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SettingsError([f"port {wanted} and every other port is taken"])
