"""The ids by which a broker tells connections apart: nobody else can guess them.

A broker ends the older one of two connections with the same id (MQTT 5, 3.1.4). So whoever knows
the id of a process can cut it off, again and again, with any account of that broker. A process that
reconnects uses this: its new connection takes the old one's place, even if the broker has not yet
noticed that the old one is dead.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from hub.system.clock import SYSTEM
from hub.wire import topics
from hub.wire.tokens.house_key import secret_in

KEY_FILE = "client-ids.key"
LENGTH = 23  # of the letters and digits that every broker takes (MQTT 3.1.1, 3.1.3.1)
NAME_LENGTH = 7  # for the person who reads the broker's log; the rest is secret


def own(state_dir: Path, source: str, root: str) -> str:
    """The id of a process: the same after each start, another one on another machine.

    So a copied state folder does not make two machines end each other's connections.

    Args:
        state_dir: Where the secret is from which it is made; without it the id is random.
        source: The process.
        root: Of the topics: another house of the same broker may have the same names.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
        key = secret_in(state_dir / KEY_FILE)
    except OSError:
        return random()
    text = f"client id {SYSTEM.machine} {root} {source}"
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    name = "".join(filter(str.isalnum, topics.name_of(source)))
    return (name[:NAME_LENGTH] + digest)[:LENGTH]


def random() -> str:
    """An id for one connection."""
    return secrets.token_hex(LENGTH)[:LENGTH]
