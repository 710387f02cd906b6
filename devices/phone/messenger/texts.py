"""What people read about a visitor, a picture, an answer and a day."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

LATE_S = 60.0  # then the visitor has been missed, and a picture shows another one, if any
LATE_RING_S = 15.0  # then the visitor may have left: the text says how long ago it was
LATE_PICTURE_S = 5.0  # then the text says how late
LATE_DAY_S = 7200.0  # then "today" would be wrong


class Texts:
    """Says what happened, with the names of a house's doors.

    Args:
        door_name: Gives the name by which people know a door.
    """

    def __init__(self, door_name: Callable[[str], str]) -> None:
        self._door_name = door_name

    def ring(self, door: str, at: datetime, age_s: float) -> str:
        """Somebody rings, or has rung."""
        if age_s > LATE_S:
            return self.missed(door, at)
        if age_s > LATE_RING_S:
            return f"Somebody rang at the {self._door(door)} {age_s:.0f} s ago"
        return f"Somebody is at the {self._door(door)}"

    def missed(self, door: str, at: datetime) -> str:
        """Somebody has rung, and has left."""
        return f"You missed a visitor at the {self._door(door)} at {at.astimezone():%H:%M}"

    def drill(self, door: str) -> str:
        """A drill that goes all the way to the phones."""
        return f"This is a drill: nobody is at the {self._door(door)}"

    def picture(self, at: datetime, after_s: float) -> str:
        """A picture, as a message of its own."""
        text = f"This is who was there at {at.astimezone():%H:%M}"
        return f"{text}, {after(after_s)}" if after_s > LATE_PICTURE_S else text

    def with_picture(self, text: str, after_s: float) -> str:
        """The text of a ring, with the picture that has come."""
        if after_s > LATE_PICTURE_S:
            return f"{text}. The picture was taken {after(after_s)}"
        return text

    def answer(self, door: str, answer: str, by: str) -> str:
        """An answer that was given."""
        text = f"{self._door_name(door)}: {answer.replace('_', ' ')}"
        return f"{text} ({by})" if by else text

    def day(self, presses: Mapping[str, int], ended: datetime, age_s: float) -> str:
        """How many rang on the day that has ended."""
        doors = [f"{number} at the {self._door(door)}" for door, number in presses.items()]
        day = "today"
        if age_s > LATE_DAY_S:
            day = f"in the 24 hours to {ended.astimezone():%A %H:%M}"
        return f"Rings {day}: {', '.join(doors)}"

    def failed(self, handlers: list[Mapping[str, Any]]) -> str:
        """What a nightly drill found."""
        return "\n".join(
            f"The doorbell's {one['handler']} does not work: {one['reason']}" for one in handlers
        )

    def _door(self, door: str) -> str:
        return self._door_name(door).lower()


def after(seconds: float) -> str:
    """How long after the ring, in words."""
    return f"{seconds:.0f} s after the ring"
