"""A lamp that is lit for a while and then put back as it was, whatever crashes in between."""

import re
from collections.abc import MutableMapping
from typing import Any
from zlib import crc32

from devices.lamp.lamp import OFF, LampState, Light, is_unchanged

PATIENCE_S = 2.0  # to put a lamp back is no hurry; to light it is


class BorrowedLamp:
    """Remembers how a lamp was, lights it, and gives it back.

    A person who changes the lamp meanwhile wins: it is then left as that person wanted it.

    Light it in this order, so that no crash leaves it lit: `prepare`, commit the memory and the
    time at which it is given back (`hub.checkpoint()`), `light`, `look`.

    Args:
        name: The lamp's name, as the settings have it.
        lamp: The lamp.
        memory: Outlives the process, like `hub.memory`: JSON values by key.

    Attributes:
        before: How it was before it was lit; None when it did not say.
    """

    def __init__(self, name: str, lamp: Light, memory: MutableMapping[str, Any]) -> None:
        self.name = name
        self.before: LampState | None = None
        self._lamp = lamp
        self._memory = memory
        self._key = _key(name)
        self._scene = OFF

    @property
    def is_lit(self) -> bool:
        """Whether it was lit and has not been given back."""
        return self._key in self._memory

    @property
    def slug(self) -> str:
        """Its name in the form of an event's subject; two lamps never share one."""
        letters = re.sub(r"[^a-z0-9_-]", "-", self.name.lower())[:50]
        return f"{letters}-{crc32(self.name.encode()):08x}"

    def prepare(self, scene: LampState, *, is_repeat: bool) -> bool:
        """Ask the lamp how it is, and remember how to put it back; it is not touched yet.

        Args:
            scene: How it is to shine.
            is_repeat: Whether an earlier attempt may have lit it: then how it is now tells nothing.

        Returns:
            Whether it must be lit; False when it shines so already.
        """
        self._scene = scene
        now, known = self._lamp.read(), self._memory.get(self._key)
        is_ours = bool(known and now and _is_as_left(now, known))
        if known and is_ours and known["left"] == scene.as_json() and not is_repeat:
            self.before = _before(known)
            return False
        is_changed_by_hand = now is not None and not is_ours and not is_repeat
        self.before = _before(known) if known and not is_changed_by_hand else now
        before = self.before.as_json() if self.before else None
        self._memory[self._key] = {"before": before, "left": scene.as_json()}
        return True

    def light(self) -> None:
        """Light it as prepared.

        Raises:
            OSError: it cannot be reached now.
        """
        self._lamp.put(self._scene)

    def look(self) -> None:
        """Remember what the lamp made of the scene: it has limits of its own."""
        if (seen := self._lamp.read()) and seen.on:
            self._memory[self._key] = self._memory[self._key] | {"seen": seen.as_json()}

    def give_back(self, *, is_last_try: bool) -> str:
        """Put it back, unless a person has changed it meanwhile.

        Args:
            is_last_try: Whether a lamp that does not answer is told all the same.

        Returns:
            What was done, in words.

        Raises:
            OSError: it cannot be reached now, or it answered before and does not now.
        """
        known = self._memory.get(self._key)
        if known is None:
            return "it was never switched"
        before, now = _before(known), self._lamp.read(PATIENCE_S)
        if now and not _is_as_left(now, known):
            del self._memory[self._key]
            return f"somebody has changed it: left {in_words(now)}"
        if before and not now and not is_last_try:
            raise ConnectionError(
                f"the lamp {self.name} answered before, and does not now. Has it power?"
            )
        self._lamp.put(before or OFF)
        del self._memory[self._key]
        return f"back to {in_words(before or OFF)}"


def forget_lamp(name: str, memory: MutableMapping[str, Any]) -> None:
    """Remember nothing more of a lamp that is no longer set."""
    memory.pop(_key(name), None)


def in_words(state: LampState | None) -> str:
    """How a lamp is, for people."""
    if state is None:
        return "silent: it did not say how it was"
    return "on" if state.on else "off"


def _key(name: str) -> str:
    return f"lit {name}"


def _before(known: dict[str, Any]) -> LampState | None:
    return LampState(**known["before"]) if known["before"] else None


def _is_as_left(now: LampState, known: dict[str, Any]) -> bool:
    """Whether it is as it was once lit, or as the scene says, as far as that says anything."""
    left, seen = LampState(**known["left"]), known.get("seen")
    if seen and is_unchanged(now, LampState(**seen), before=None):
        return True
    names_anything = left.brightness is not None or left.colour is not None
    return (names_anything or not seen) and is_unchanged(now, left, _before(known))
