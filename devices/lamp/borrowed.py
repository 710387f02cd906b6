"""A lamp that is lit for a while and then put back as it was, even after a crash."""

import re
from collections.abc import MutableMapping
from typing import Any
from zlib import crc32

from devices.lamp.lamp import OFF, LampState, Light, LightAwayError, LightError, is_unchanged

PATIENCE_S = 2.0  # no visitor waits while a lamp is put back


class BorrowedLamp:
    """Remembers how a lamp was, lights it, and gives it back.

    If a person changes the lamp in the meantime, it stays as that person wants it.

    Light it in this order, so that no crash leaves it lit: `prepare`, commit the memory and the
    time at which it is given back (`hub.checkpoint()`), `light`, `look`.

    Args:
        name: The lamp's name, as the settings have it.
        lamp: The lamp.
        memory: JSON values by key, which survive the process, like `hub.memory`.
        named: The name that the settings have, where that is a group with this lamp in it.

    Attributes:
        name: The lamp's name.
        before: Its state before it was lit; None if it did not answer.
    """

    def __init__(
        self, name: str, lamp: Light, memory: MutableMapping[str, Any], named: str = ""
    ) -> None:
        self.name = name
        self.before: LampState | None = None
        self._named = named
        self._lamp = lamp
        self._memory = memory
        self._key = _key(name)
        self._scene = OFF
        self._told: tuple[LampState | None] | None = None  # the answer to `ask`

    @property
    def is_lit(self) -> bool:
        """Whether it was lit and has not been given back."""
        return self._key in self._memory

    @property
    def slug(self) -> str:
        """Its name in the form of an event's subject; two lamps never share one."""
        letters = re.sub(r"[^a-z0-9_-]", "-", self.name.lower())[:50]
        return f"{letters}-{crc32(self.name.encode()):08x}"

    @property
    def ticket(self) -> dict[str, str]:
        """By what `Porch.give_back` knows the lamp: the data of the event that is its time."""
        if self._named in ("", self.name):
            return {"lamp": self.name}
        return {"lamp": self.name, "named": self._named}

    def must_be_asked(self, scene: LampState, *, is_repeat: bool) -> bool:
        """Whether `prepare` has to ask the lamp. That takes a second if the lamp is silent.

        Raises:
            LightError: The lamp's name is wrong.
        """
        now = self._lamp.known()
        return now is None or (_is_done(now, self._memory.get(self._key), scene) and not is_repeat)

    def ask(self) -> None:
        """Ask the lamp for the next `prepare` or `look`, in any thread: several at once."""
        try:
            self._told = (self._lamp.read(),)
        except (OSError, LightError):
            self._told = None  # it is asked again, and the error is raised there

    def prepare(self, scene: LampState, *, is_repeat: bool, is_redelivered: bool = False) -> bool:
        """Look how the lamp is, and remember how to put it back. The lamp is not changed yet.

        Args:
            scene: The state that it is to have.
            is_repeat: Whether an earlier attempt may have lit it: then its state now means nothing.
            is_redelivered: Whether a crash or power cut came between (`event.redelivered`). What
                was remembered may be lost then, so a lamp of which nothing is remembered is taken
                to have been off.

        Returns:
            Whether it must be lit; False if it has that state already.
        """
        self._scene = scene
        known = self._memory.get(self._key)
        is_repeat = is_repeat or is_redelivered
        now = self._lamp.known()
        if is_redelivered and not known:
            now = OFF
        elif self.must_be_asked(scene, is_repeat=is_repeat):
            now = self._answer()  # a lamp that seems to shine already may have lost its power
        self._told = None
        if known and _is_done(now, known, scene) and not is_repeat:
            self.before = _before(known)
            return False
        is_ours = bool(known and now and _is_as_left(now, known))
        is_changed_by_hand = now is not None and not is_ours and not is_repeat
        self.before = _before(known) if known and not is_changed_by_hand else now
        before = self.before.as_json() if self.before else None
        self._memory[self._key] = {"before": before, "left": scene.as_json()}
        return True

    def light(self) -> None:
        """Light it as prepared.

        Raises:
            OSError: The lamp cannot be reached now.
        """
        self._lamp.put(self._scene)

    def look(self) -> None:
        """Remember the state that the lamp took: it has its own limits."""
        if (seen := self._answer()) and seen.on:
            self._memory[self._key] = self._memory[self._key] | {"seen": seen.as_json()}

    def _answer(self) -> LampState | None:
        """The answer to `ask`, or to a question that is asked now."""
        told = self._told or (self._lamp.read(),)
        self._told = None
        return told[0]

    def give_back(self, *, is_last_try: bool) -> str:
        """Put it back, unless a person has changed it in the meantime.

        Args:
            is_last_try: Whether to put it back even if it does not answer.

        Returns:
            What was done, in words.

        Raises:
            OSError: The lamp cannot be reached now, or it answered before and does not now.
        """
        known = self._memory.get(self._key)
        if known is None:
            return "it was never switched"
        before = _before(known)
        now = self._lamp.read(PATIENCE_S)
        if now and not _is_as_left(now, known):
            del self._memory[self._key]
            return f"somebody has changed it: left {in_words(now)}"
        if before and not now and not is_last_try:
            raise LightAwayError(
                f"the lamp {self.name} answered before, and does not now. Has it power?"
            )
        self._lamp.put(before or OFF)
        del self._memory[self._key]
        return f"back to {in_words(before or OFF)}"


def forget_lamp(name: str, memory: MutableMapping[str, Any]) -> None:
    """Forget a lamp that is no longer in the settings."""
    memory.pop(_key(name), None)


def in_words(state: LampState | None) -> str:
    """The state of a lamp in words."""
    if state is None:
        return "in an unknown state: it reported none"
    return "on" if state.on else "off"


def _key(name: str) -> str:
    return f"lit {name}"


def _before(known: dict[str, Any]) -> LampState | None:
    return LampState(**known["before"]) if known["before"] else None


def _is_done(now: LampState | None, known: dict[str, Any] | None, scene: LampState) -> bool:
    """Whether it has been lit in this way, and still is."""
    if now is None or known is None:
        return False
    return bool(known["left"] == scene.as_json()) and _is_as_left(now, known)


def _is_as_left(now: LampState, known: dict[str, Any]) -> bool:
    """Whether it is as it was once lit, or as the scene says, as far as that says anything."""
    left = LampState(**known["left"])
    seen = known.get("seen")
    if seen and is_unchanged(now, LampState(**seen), before=None):
        return True
    if seen and seen.get("parts"):
        return False  # one of its segments was changed
    names_anything = left.brightness is not None or left.colour is not None
    return (names_anything or not seen) and is_unchanged(now, left, _before(known))
