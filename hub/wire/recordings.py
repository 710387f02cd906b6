"""The command about recordings: what a person wants to become of them."""

from dataclasses import dataclass
from typing import Literal

from hub.wire.codec import Message, entry
from hub.wire.entries import COMMAND_ID, ListOf, OneOf, Text

MOST_RECORDINGS = 40  # in one command
FILE_LENGTH = 100
FILE = r"[a-z0-9][a-z0-9_.-]*"  # a name without a folder
Action = Literal["delete", "keep", "release"]
ACTIONS: tuple[Action, ...] = ("delete", "keep", "release")


@dataclass(frozen=True, slots=True)
class Recordings(Message):
    """Have what was recorded of a visit deleted, or kept until a person deletes it.

    Attributes:
        visit: The id of the press that began the visit.
        action: `delete`, `keep`, or `release`: its recorder may remove it when it is old.
        presses: The ids of its presses, for a clip that is still being recorded.
        files: The names of its files, as `snapshot.taken` and `clip.recorded` have them.
        by: Who wants it; empty when that is not known.
    """

    id: str = entry(COMMAND_ID)
    visit: str = entry(Text(64, least=1, summary="The id of its first press."))
    action: Action = entry(OneOf(*ACTIONS))
    presses: tuple[str, ...] = entry(
        ListOf(Text(64), MOST_RECORDINGS, "The ids of its presses."), default=()
    )
    files: tuple[str, ...] = entry(
        ListOf(
            Text(FILE_LENGTH, least=1, pattern=FILE), MOST_RECORDINGS, "Names without a folder."
        ),
        default=(),
    )
    by: str = entry(Text(64, summary="Who wants it."), default="")
