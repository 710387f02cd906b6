"""The lamps of a house, which are lit at a door for a while and given back afterwards."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devices.lamp.borrowed import BorrowedLamp, forget_lamp, in_words
from devices.lamp.darkness import Darkness
from devices.lamp.lamp import LampState, Light, MqttLink
from devices.lamp.registry import open_lights
from devices.lamp.settings import LampSettings

DRILL_PATIENCE_S = 3.0  # a lamp far down a mesh may take its time


class BorrowedLamps:
    """The lamps at a door: each is lit, and given back, on its own.

    Light them in this order, so that no crash leaves one lit: `prepare`, commit the memory and the
    time at which each is given back (`hub.checkpoint()`), `light`.

    Args:
        lamps: The lamps.
        scene: How they are to shine.
    """

    def __init__(self, lamps: Sequence[BorrowedLamp], scene: LampState) -> None:
        self._lamps = lamps
        self._scene = scene
        self._to_light: list[BorrowedLamp] = []

    def __iter__(self) -> Iterator[BorrowedLamp]:
        return iter(self._lamps)

    @property
    def are_lit(self) -> bool:
        """Whether one of them was lit and has not been given back."""
        return any(lamp.is_lit for lamp in self._lamps)

    @property
    def before(self) -> str:
        """How they were before they were lit, in words."""
        return ", ".join(in_words(lamp.before) for lamp in self._lamps)

    def prepare(self, *, is_repeat: bool, is_redelivered: bool = False) -> bool:
        """Remember how to put each of them back; see `BorrowedLamp.prepare`.

        Returns:
            Whether one of them must be lit.
        """
        self._to_light = [
            lamp
            for lamp in self._lamps
            if lamp.prepare(self._scene, is_repeat=is_repeat, is_redelivered=is_redelivered)
        ]
        return bool(self._to_light)

    def light(self) -> None:
        """Light those that must be lit, and only then look what became of each.

        Raises:
            OSError: One of them cannot be reached now.
        """
        for lamp in self._to_light:
            lamp.light()
        for lamp in self._to_light:
            lamp.look()


class Porch:
    """The lamps of a house.

    Args:
        settings: Which lamps at which door, and how they shine there.
        lamps: All of them by name.
        darkness: Whether it is dark.
        memory: JSON values by key, which survive the process, like `hub.memory`.

    Attributes:
        lamps: All of them by name.
        darkness: Whether it is dark.
    """

    def __init__(
        self,
        settings: LampSettings,
        lamps: Mapping[str, Light],
        darkness: Darkness,
        memory: MutableMapping[str, Any],
    ) -> None:
        self.lamps = lamps
        self.darkness = darkness
        self._settings = settings
        self._memory = memory

    @property
    def is_dark(self) -> bool:
        """Whether it is dark now."""
        return self.darkness.is_dark

    def at(self, door: str) -> BorrowedLamps:
        """The lamps at a door."""
        names, scene = self._settings.at(door)
        return BorrowedLamps([self._borrow(name) for name in names], scene)

    def give_back(self, name: str, *, is_last_try: bool) -> str:
        """Put one lamp back; see `BorrowedLamp.give_back`. One that is not set any more is left.

        Returns:
            What was done, in words.

        Raises:
            OSError: The lamp cannot be reached now, or it answered before and does not now.
        """
        if name not in self.lamps:
            forget_lamp(name, self._memory)
            return "it is no lamp of ours any more"
        return self._borrow(name).give_back(is_last_try=is_last_try)

    def look(self, door: str, patience_s: float = DRILL_PATIENCE_S) -> str:
        """Ask the lamps at a door how they are, and leave them so; for a dry run.

        Args:
            door: The door.
            patience_s: Seconds to wait for each.

        Returns:
            How they are, in words.

        Raises:
            ConnectionError: A lamp does not answer.
        """
        names, _ = self._settings.at(door)
        found = {name: self.lamps[name].read(patience_s) for name in names}
        if silent := ", ".join(name for name, state in found.items() if state is None):
            raise ConnectionError(
                f"the lamp {silent} does not answer. Has it power, and is its name right?"
            )
        return ", ".join(f"the lamp is {in_words(state)}" for state in found.values())

    def _borrow(self, name: str) -> BorrowedLamp:
        return BorrowedLamp(name, self.lamps[name], self._memory)


@contextmanager
def open_porch(
    settings: LampSettings,
    link: MqttLink,
    folder: Path,
    darkness: Darkness,
    memory: MutableMapping[str, Any],
) -> Iterator[Porch]:
    """Open all lamps of the settings, and listen to the light sensor if there is one.

    Args:
        settings: Which lamps.
        link: The connection to the broker, for lamps that are there.
        folder: Where a lamp without a memory keeps its state.
        darkness: Whether it is dark.
        memory: Where it is remembered how to put lamps back, like `hub.memory`.

    Raises:
        LightError: A name is no lamp's.
        GpioError: A lamp's line cannot be opened.
    """
    darkness.follow(link)
    with open_lights(settings.lamps, link, folder, settings) as lamps:
        yield Porch(settings, lamps, darkness, memory)
