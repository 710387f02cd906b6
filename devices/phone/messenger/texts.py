"""What people read about a visitor, a picture, an answer and a day."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from devices.words import ENGLISH, language, ngettext
from devices.words import gettext as _

LATE_S = 60.0  # then the visitor has been missed, and a picture shows another one, if any
LATE_RING_S = 15.0  # then the visitor may have left: the text says how long ago it was
LATE_PICTURE_S = 5.0  # then the text says how late
LATE_DAY_S = 7200.0  # then "today" would be wrong


class Texts:
    """Says what happened, with the names of a house's doors, in the language of the house.

    Args:
        door_name: Gives the name by which people know a door.
    """

    def __init__(self, door_name: Callable[[str], str]) -> None:
        self._door_name = door_name

    def ring(self, door: str, at: datetime, age_s: float) -> str:
        """Somebody rings, or has rung."""
        words = self._door(door)
        if age_s > LATE_S:
            return self.missed(door, at)
        if age_s > LATE_RING_S:
            words["seconds"] = f"{age_s:.0f}"
            return _("Somebody rang at the %(door)s %(seconds)s s ago") % words
        return _("Somebody is at the %(door)s") % words

    def again(self, text: str, count: int) -> str:
        """The text of a ring, for a visitor who has rung several times."""
        words = {"text": text, "count": count}
        return ngettext("%(text)s", "%(text)s, and rang %(count)s times", count) % words

    def missed(self, door: str, at: datetime) -> str:
        """Somebody has rung, and has left."""
        words = self._door(door) | {"time": f"{at.astimezone():%H:%M}"}
        return _("You missed a visitor at the %(door)s at %(time)s") % words

    def drill(self, door: str) -> str:
        """A drill that goes all the way to the phones."""
        return _("This is a drill: nobody is at the %(door)s") % self._door(door)

    def picture(self, at: datetime, after_s: float) -> str:
        """A picture, as a message of its own."""
        words = {"time": f"{at.astimezone():%H:%M}", "seconds": f"{after_s:.0f}"}
        if after_s > LATE_PICTURE_S:
            return _("This is who was there at %(time)s, %(seconds)s s after the ring") % words
        return _("This is who was there at %(time)s") % words

    def with_picture(self, text: str, after_s: float) -> str:
        """The text of a ring, with the picture that has come."""
        if after_s > LATE_PICTURE_S:
            words = {"text": text, "seconds": f"{after_s:.0f}"}
            return _("%(text)s. The picture was taken %(seconds)s s after the ring") % words
        return text

    def answer(self, door: str, answer: str, by: str) -> str:
        """An answer that was given."""
        known = {"coming": _("coming"), "leave_it": _("leave it"), "opened": _("opened")}
        text = f"{self._door_name(door)}: {known.get(answer, answer.replace('_', ' '))}"
        return f"{text} ({by})" if by else text

    def day(self, presses: Mapping[str, int], ended: datetime, age_s: float) -> str:
        """How many rang on the day that has ended."""
        rings = (self._door(door) | {"number": number} for door, number in presses.items())
        doors = ", ".join(_("%(number)s at the %(door)s") % one for one in rings)
        if age_s > LATE_DAY_S:
            words = {"time": _moment(ended), "doors": doors}
            return _("Rings in the 24 hours to %(time)s: %(doors)s") % words
        return _("Rings today: %(doors)s") % {"doors": doors}

    def failed(self, handlers: list[Mapping[str, Any]]) -> str:
        """What a nightly drill found."""
        text = _("The doorbell's %(handler)s does not work: %(reason)s")
        return "\n".join(text % one for one in handlers)

    def _door(self, door: str) -> dict[str, Any]:
        """The name of a door within a sentence. Not every language has small letters there."""
        name = self._door_name(door)
        return {"door": name.lower() if language() == ENGLISH else name}


def after(seconds: float) -> str:
    """How long after the ring, in words."""
    return f"{seconds:.0f} s after the ring"


def _moment(time: datetime) -> str:
    """The day of the week and the time of day, by the local clock."""
    local = time.astimezone()
    days = (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"),
        _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip
    return f"{days[local.weekday()]} {local:%H:%M}"
