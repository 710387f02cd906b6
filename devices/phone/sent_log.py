"""What is known of who was told what, kept where a crash cannot take it."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

KEPT = 40  # notifications that can still be changed, pictures for who is called later, tries that half succeeded


class SentLog:
    """The notes of one house.

    Args:
        memory: Where they are kept, as JSON values by name.
    """

    def __init__(self, memory: MutableMapping[str, Any]) -> None:
        self._memory = memory

    def told_of(self, event: str) -> list[str]:
        """The phones that an earlier try of this event has told."""
        return list(self._memory.get("told", {}).get(event, []))

    def note_told(self, event: str, phones: list[str]) -> None:
        """Some phones were told, and others not: the next try is for these."""
        self._put("told", event, phones)

    def note_all_told(self, event: str) -> None:
        """There is no next try."""
        if event in (halves := self._memory.get("told", {})):
            self._memory["told"] = {one: phones for one, phones in halves.items() if one != event}

    @property
    def sent(self) -> dict[str, Any]:
        """What services gave back, to change what they said."""
        return dict(self._memory.get("sent", {}))

    def note_sent(self, sent: Mapping[str, Any]) -> None:
        """Keep that."""
        if sent:
            self._memory["sent"] = _last({**self.sent, **sent})

    def called(self, press: str) -> list[str]:
        """Who was called later about this press."""
        return list(self._memory.get("called", {}).get(press, []))

    def note_called(self, press: str, name: str) -> None:
        """So that they can read the answer, too."""
        self._put("called", press, [*self.called(press), name])

    def snooze(self, name: str, until_s: float) -> None:
        """Nothing for them until then (Unix seconds); `*` is everybody."""
        self._memory[f"snoozed {name}"] = until_s

    def is_snoozed(self, name: str, now_s: float) -> bool:
        """Whether they want nothing now."""
        return any(self._memory.get(f"snoozed {one}", 0) > now_s for one in (name, "*"))

    def note_answered(self, door: str, at: str) -> None:
        """Somebody has answered who rings there (ISO 8601, UTC)."""
        self._memory[f"answered {door}"] = at

    def is_answered(self, door: str, since: str) -> bool:
        """Whether somebody has since then."""
        return bool(self._memory.get(f"answered {door}", "") >= since)

    def keep_picture(self, press: str, picture: Path) -> None:
        """It is there for who is called later, even by another process than this one."""
        self._put("pictures", press, str(picture))

    def picture(self, press: str) -> Path | None:
        """The picture of a press, if there is one still."""
        kept = self._memory.get("pictures", {}).get(press)
        return Path(kept) if kept and Path(kept).is_file() else None

    def _put(self, shelf: str, key: str, value: Any) -> None:
        self._memory[shelf] = _last({**self._memory.get(shelf, {}), key: value})


def _last(kept: Mapping[str, Any]) -> dict[str, Any]:
    return dict([*kept.items()][-KEPT:])
