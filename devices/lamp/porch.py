"""The lamps of a house, which are lit at a door for a while and given back afterwards."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from devices.lamp.borrowed import BorrowedLamp, forget_lamp, in_words
from devices.lamp.darkness import Darkness
from devices.lamp.lamp import LampState, Light, LightAwayError, LightError, MqttLink
from devices.lamp.registry import open_light, open_lights
from devices.lamp.settings import LampSettings

FAULTS = (OSError, LightError)  # of one lamp, which must not leave the others dark
DRILL_PATIENCE_S = 3.0  # a lamp far down a mesh may take its time


class BorrowedLamps:
    """The lamps at a door: each is lit, and given back, on its own.

    Light them in this order, so that no crash leaves one lit: `prepare`, commit the memory and the
    time at which each is given back (`hub.checkpoint()`), `light`.

    Args:
        lamps: The lamps.
        scene: How they are to shine.
        faults: Why further lamps at this door cannot be lit now.
    """

    def __init__(
        self, lamps: Sequence[BorrowedLamp], scene: LampState, faults: Iterable[Exception] = ()
    ) -> None:
        self._lamps = lamps
        self._scene = scene
        self._faults = list(faults)
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
            Whether one of them must be lit, or cannot.
        """
        known = [lamp for lamp in self._lamps if lamp.is_lit or not is_redelivered]
        is_again = is_repeat or is_redelivered
        _ask([lamp for lamp in known if self._must_be_asked(lamp, is_repeat=is_again)])
        for lamp in self._lamps:
            try:
                if lamp.prepare(self._scene, is_repeat=is_repeat, is_redelivered=is_redelivered):
                    self._to_light.append(lamp)
            except FAULTS as error:
                self._faults.append(error)
        return bool(self._to_light or self._faults)

    def light(self) -> None:
        """Light those that must be lit, and only then look what became of each.

        Raises:
            OSError: One of them cannot be reached now. The others shine.
            LightError: The name of one is wrong. The others shine.
        """
        lit = []
        for lamp in self._to_light:
            try:
                lamp.light()
                lit.append(lamp)
            except FAULTS as error:
                self._faults.append(error)
        _ask(lit)
        for lamp in lit:
            lamp.look()
        if self._faults:
            raise self._faults[0]

    def _must_be_asked(self, lamp: BorrowedLamp, *, is_repeat: bool) -> bool:
        try:
            return lamp.must_be_asked(self._scene, is_repeat=is_repeat)
        except LightError:
            return False  # it is raised again when the lamp is prepared


def _ask(lamps: Sequence[BorrowedLamp]) -> None:
    """Ask lamps at once: silent ones cost a second, however many they are."""
    others = [Thread(target=lamp.ask, daemon=True) for lamp in lamps[1:]]
    for other in others:
        other.start()
    for lamp in lamps[:1]:
        lamp.ask()
    for other in others:
        other.join()


class Porch:
    """The lamps of a house.

    Args:
        settings: Which lamps at which door, and how they shine there.
        lamps: All of them by name. Those of a group are added when they are needed.
        darkness: Whether it is dark.
        memory: JSON values by key, which survive the process, like `hub.memory`.
        open_lamp: Opens one more, by its name.

    Attributes:
        lamps: All of them by name.
        darkness: Whether it is dark.
    """

    def __init__(
        self,
        settings: LampSettings,
        lamps: dict[str, Light],
        darkness: Darkness,
        memory: MutableMapping[str, Any],
        open_lamp: Callable[[str], Light],
    ) -> None:
        self.lamps = lamps
        self.darkness = darkness
        self._settings = settings
        self._memory = memory
        self._open_lamp = open_lamp

    @property
    def is_dark(self) -> bool:
        """Whether it is dark now."""
        return self.darkness.is_dark

    def at(self, door: str) -> BorrowedLamps:
        """The lamps at a door. A group is taken apart: each of its lamps has its own state."""
        names, scene = self._settings.at(door)
        lamps: dict[str, BorrowedLamp] = {}
        faults = []
        for name in names:
            try:
                lamps |= {lamp: self._borrow(lamp, name) for lamp in self._taken_apart(name)}
            except FAULTS as error:  # the lamps of a group are not known now
                faults.append(error)
        return BorrowedLamps(list(lamps.values()), scene, faults)

    def give_back(self, ticket: Mapping[str, Any], *, is_last_try: bool) -> str:
        """Put one lamp back; see `BorrowedLamp`. One that is not set any more is left.

        Args:
            ticket: By what it is known: `BorrowedLamp.ticket`.
            is_last_try: Whether to put it back even if it does not answer.

        Returns:
            What was done, in words.

        Raises:
            OSError: The lamp cannot be reached now, or it answered before and does not now.
        """
        name = ticket["lamp"]
        named = ticket.get("named", name)
        if named not in self._settings.lamps:
            forget_lamp(name, self._memory)
            return "it is not a lamp of ours any more"
        return self._borrow(name, named).give_back(is_last_try=is_last_try)

    def look(self, door: str, patience_s: float = DRILL_PATIENCE_S) -> str:
        """Ask the lamps at a door how they are, and leave them so; for a dry run.

        Args:
            door: The door.
            patience_s: Seconds to wait for each.

        Returns:
            How they are, in words.

        Raises:
            LightAwayError: A lamp does not answer.
        """
        names, _ = self._settings.at(door)
        found = {lamp: self._lamp(lamp) for name in names for lamp in self._taken_apart(name)}
        states = {name: lamp.read(patience_s) for name, lamp in found.items()}
        speaks = self._settings.says_its_state
        silent = [name for name, state in states.items() if not state and speaks(name)]
        if silent:
            raise LightAwayError(
                f"the lamp {', '.join(silent)} does not answer."
                " Has it power, and is its name right?"
            )
        return ", ".join(f"the lamp is {in_words(state)}" for state in states.values())

    def _taken_apart(self, name: str, groups: frozenset[str] = frozenset()) -> list[str]:
        """The lamps of a group, and of the groups in it; a lamp is taken as it is."""
        inside = groups | {name}  # a group that contains itself ends here
        members = [member for member in self._lamp(name).members() if member not in inside]
        return [one for member in members for one in self._taken_apart(member, inside)] or [name]

    def _borrow(self, name: str, named: str) -> BorrowedLamp:
        return BorrowedLamp(name, self._lamp(name), self._memory, named)

    def _lamp(self, name: str) -> Light:
        if name not in self.lamps:
            self.lamps[name] = self._open_lamp(name)
        return self.lamps[name]


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

    def open_lamp(name: str) -> Light:
        return open_light(name, link, folder, settings)

    darkness.follow(link)
    with open_lights(settings.lamps, link, folder, settings) as lamps:
        yield Porch(settings, lamps, darkness, memory, open_lamp)
