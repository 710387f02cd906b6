"""Where the page is: for the commands that print its address."""

import socket
from pathlib import Path

from config import Settings
from hub.system.files.port_file import read_port

PORT_FILE = "web-port"  # under `doorbell run`, which takes a free port
LOOPBACKS = ("127.0.0.1", "::1", "localhost")
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
SOMEWHERE = ("192.0.2.1", 9)  # RFC 5737: nothing is sent there


def port_file(settings: Settings) -> Path:
    """Where `doorbell run`'s web process leaves its port."""
    return settings.state_dir / PORT_FILE


def running_port(settings: Settings) -> int | None:
    """The port that it has now; None when there is no `doorbell run` with a page."""
    return read_port(port_file(settings))


def page_address(settings: Settings) -> str:
    """The address of the page for a browser, without a slash at its end."""
    if settings.web.url:
        return settings.web.url
    host = settings.web.listen
    if host in EVERY_ADDRESS:
        host = _own_address()
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{running_port(settings) or settings.web.port}"


def is_for_this_machine(settings: Settings) -> bool:
    """Whether no other device can open that address."""
    return not settings.web.url and settings.web.listen in LOOPBACKS


def _own_address() -> str:
    """The address of this machine in the network of the house; its name where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return f"{socket.gethostname()}.local"
