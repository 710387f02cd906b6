"""Debian's mosquitto as the broker of `doorbell run`: for this machine alone, keeping nothing."""

import os
import shutil
from pathlib import Path

from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE
from hub.system.files import atomic_file

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # not in the PATH of an ordinary user of Debian
SETTINGS_FILE = "own-broker.conf"
SETTINGS = """\
# Written by `doorbell run` at each start: a change here is lost.
listener {port} 127.0.0.1
allow_anonymous true
# Root would become another user otherwise, and then outlive its parent (PR_SET_PDEATHSIG).
user root
# No feature of doorbell needs a broker's memory, and an SD card wears out.
persistence false
# Without this, a message behind an acknowledgement waits 40 ms (Nagle's algorithm).
set_tcp_nodelay true
# Most wireless buttons send with QoS 0: a press is kept, too, while the hub restarts.
queue_qos0_messages true
max_packet_size {largest}
log_dest stdout
log_type error
log_timestamp false
"""


def find() -> str | None:
    """Where the program is; None when it is not installed."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")


def write_settings(state_dir: Path, port: int) -> Path:
    """Write the settings for a broker on this port; returns their file."""
    path = state_dir / SETTINGS_FILE
    text = SETTINGS.format(port=port, largest=MAXIMUM_PACKET_SIZE)
    atomic_file.write(path, text.encode(), 0o640)
    return path
