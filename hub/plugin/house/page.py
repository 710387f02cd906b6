"""What a handler needs to notify a browser that has the page of this house (web push)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.wire.tokens import push_seal
from hub.wire.tokens.house_key import key_in

PICTURE_PATH = "push/picture/"
_DEMO_KEY = "a key for tests that opens no house"
_state_dir: Path | None = None
_key: str | None = None


def picture(press: str) -> str:
    """The signed address of a press's picture, below that of the page; valid for a day.

    Args:
        press: The id of the press.

    Raises:
        OSError: The key of the house cannot be read.
    """
    from hub.wire.tokens.picture_token import PictureSigner  # noqa: PLC0415 - for links only

    return f"{PICTURE_PATH}{PictureSigner(_house_key()).sign(press)}"


def push_secret() -> bytes:
    """32 bytes, from which the key of this house towards push services (VAPID) is made.

    Raises:
        OSError: The key of the house cannot be read.
    """
    return push_seal.push_secret(_house_key())


def unseal(phone: str, sealed: str) -> Any:
    """Open the subscription in a `doorbell.push_changed`.

    Args:
        phone: The event's subject.
        sealed: Its `subscription`.

    Raises:
        ValueError: It was not sealed by the page of this house.
        OSError: The key of the house cannot be read.
    """
    return push_seal.unseal(_house_key(), phone, sealed)


def attach(state_dir: Path) -> None:
    """Use the key of the house with this state folder."""
    global _state_dir  # noqa: PLW0603 - a process has one house
    _state_dir = state_dir


@contextmanager
def demo() -> Iterator[str]:
    """For tests: meanwhile there is a key of no house; gives it."""
    global _key  # noqa: PLW0603
    before = _key
    _key = _DEMO_KEY
    try:
        yield _key
    finally:
        _key = before


def _house_key() -> str:
    global _key  # noqa: PLW0603
    if _key is None:
        if _state_dir is None:
            raise FileNotFoundError(2, "there is no house, and so no key of one")
        _key = key_in(_state_dir)
    return _key
