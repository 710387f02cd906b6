"""Which rings belong to one visitor, so that they share one notification and its picture."""

from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple, TypeVar

from devices.machine import Moment

RECENT_S = 120.0
REMEMBERED = 200  # groups of rings, and pictures
Value = TypeVar("Value")


class Group(NamedTuple):
    """Rings of one visitor, which share one notification.

    Attributes:
        first: The id of the first press.
        rings: How many rings there were so far.
    """

    first: str
    rings: int


class RingGroups:
    """The rings of the last minutes, in groups.

    Args:
        group_s: A ring within so many seconds after the last one at that door belongs to it.
    """

    def __init__(self, group_s: float) -> None:
        self._group_s = group_s
        self._last: dict[str, tuple[Group, Moment]] = {}  # by door
        self._groups: OrderedDict[str, Group] = OrderedDict()  # by press
        self._pictures: OrderedDict[str, Path] = OrderedDict()  # by press

    def group(self, press: str, door: str, at: Moment) -> Group:
        """Find the group of a ring. The answer for one press is always the same."""
        if press in self._groups:
            return self._groups[press]
        group = Group(press, 1)
        if door in self._last:
            last, when = self._last[door]
            if 0 <= at.since(when) <= self._group_s:
                group = Group(last.first, last.rings + 1)
        self._last[door] = group, at
        _remember(self._groups, press, group)
        return group

    def is_repeat(self, press: str) -> bool:
        """Whether this press shares the notification of an earlier one."""
        return press in self._groups and self._groups[press].first != press

    def latest(self, door: str, at: Moment) -> str | None:
        """The first press of the visitor who rings at a door now, or did in the last 2 minutes."""
        if door not in self._last:
            return None
        group, when = self._last[door]
        return group.first if at.since(when) <= RECENT_S else None

    def keep_picture(self, press: str, picture: Path) -> None:
        """Remember the picture of a press for notifications that follow."""
        _remember(self._pictures, press, picture)

    def picture(self, press: str) -> Path | None:
        """The picture of a press; None if there is none, or its file is gone."""
        found = self._pictures.get(press)
        return found if found and found.exists() else None


def _remember(store: OrderedDict[str, Value], key: str, value: Value) -> None:
    """Keep a value, and forget the oldest ones."""
    store[key] = value
    while len(store) > REMEMBERED:
        store.popitem(last=False)
