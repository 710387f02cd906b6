"""What was sent to whom, kept in a handler's memory, which survives a crash."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from devices.machine import Moment

KEPT = 40  # of each kind: receipts, pictures, later calls
OWED = 2000  # events of which more is owed: a day of outage, in a house that is rung at all day
EVERYBODY = "*"


class SentLog:
    """The record of one handler.

    Args:
        memory: Where it is kept: JSON values by key.
    """

    def __init__(self, memory: MutableMapping[str, Any]) -> None:
        self._memory = memory

    def delivered(self, event: str) -> list[str]:
        """The keys of the phones that an earlier attempt at this event has reached."""
        return list(self._of("told", event, []))

    def record_partial(self, event: str, phones: list[str]) -> None:
        """Record which phones have the notification. The next attempt is for the others."""
        self._note("told", event, [*phones])

    def refused(self, event: str) -> dict[str, str]:
        """Why services refuse the notification for good, by the key of the phone."""
        return dict(self._of("refused", event, {}))

    def record_refused(self, event: str, reasons: Mapping[str, str]) -> None:
        """Record which services refuse it. The next attempt is for the others."""
        if reasons:
            self._note("refused", event, dict(reasons))

    def tries(self, event: str) -> dict[str, int]:
        """How often phones may have been sent it in vain, by their keys."""
        return dict(self._of("tries", event, {}))

    def record_tries(self, event: str, tries: Mapping[str, int]) -> None:
        """Record how often that was."""
        if tries != self.tries(event):
            self._note("tries", event, dict(tries))

    def forget_refused(self, event: str) -> None:
        """A further attempt is for those services, too: a person has asked for it."""
        for kind in ("refused", "tries"):
            self._forget(kind, event)

    def lacking(self, press: str) -> list[str]:
        """The keys of the phones that refused a press for good, so that nothing follows it."""
        return list(self._memory.get("lacking", {}).get(press, []))

    def record_lacking(self, press: str, refused: list[str], delivered: list[str]) -> None:
        """Record which phones have refused a press, and which have it after all."""
        known = self.lacking(press)
        lacking = [key for key in dict.fromkeys([*known, *refused]) if key not in delivered]
        if lacking != known:
            self._put("lacking", press, lacking)

    def record_announced(self, event: str) -> None:
        """Record that others are told of the phones which have it, before the rest have it."""
        self._note("announced", event, True)

    def is_announced(self, event: str) -> bool:
        """Whether others were told of it before all phones had it."""
        return bool(self._of("announced", event, False))

    def record_complete(self, event: str) -> None:
        """Record that all phones have the notification: there is no next attempt."""
        for kind in ("told", "refused", "tries"):
            self._forget(kind, event)

    @property
    def receipts(self) -> dict[str, Any]:
        """What the services need in order to change a notification."""
        return dict(self._memory.get("sent", {}))

    def record_receipts(self, receipts: Mapping[str, Any]) -> None:
        """Keep what the services returned."""
        if receipts:
            self._memory["sent"] = _newest({**self.receipts, **receipts})

    def escalated_to(self, press: str) -> list[str]:
        """The names of the recipients who were notified later, because nobody had answered."""
        return list(self._memory.get("called", {}).get(press, []))

    def record_escalation(self, press: str, name: str) -> None:
        """Record that this recipient was notified later, and so may read the answer."""
        self._put("called", press, [*self.escalated_to(press), name])

    def snooze(self, name: str, until: Moment) -> None:
        """Send nothing more to a recipient for a while.

        Args:
            name: The recipient's name; `*` for everybody.
            until: When the while is over.
        """
        self._memory[f"snoozed {name}"] = until.as_json()

    def is_snoozed(self, name: str, at: Moment) -> bool:
        """Whether this recipient gets nothing then, as far as that is known."""
        kept = (self._memory.get(f"snoozed {one}") for one in (name, EVERYBODY))
        until = [Moment.of(value) for value in kept if value is not None]
        return any(one.is_comparable(at) and one.since(at) > 0 for one in until)

    def record_answer(self, door: str, at: Moment) -> None:
        """Record when a visitor at this door was answered."""
        self._memory[f"answered {door}"] = at.as_json()

    def is_answered(self, door: str, since: Moment) -> bool:
        """Whether a visitor at this door was answered since then, as far as that is known."""
        kept = self._memory.get(f"answered {door}")
        if kept is None:
            return False
        answered = Moment.of(kept)
        return answered.is_comparable(since) and answered.since(since) >= 0

    def keep_picture(self, press: str, picture: Path) -> None:
        """Keep a picture's path for recipients who are notified later, even by a new process."""
        self._put("pictures", press, str(picture))

    def picture(self, press: str) -> Path | None:
        """The picture of a press; None if there is none, or its file is gone."""
        kept = self._memory.get("pictures", {}).get(press)
        return Path(kept) if kept and Path(kept).is_file() else None

    def _of(self, kind: str, event: str, default: Any) -> Any:
        """What is noted of an event; earlier versions kept all events of a kind under one key."""
        return self._memory.get(f"{kind} {event}", self._memory.get(kind, {}).get(event, default))

    def _note(self, kind: str, event: str, value: Any) -> None:
        """Note it under a key of its own: what is owed must not be pushed out by what follows."""
        if f"{kind} {event}" not in self._memory:
            noted = sorted(key for key in self._memory if key.startswith(f"{kind} "))
            for key in noted[:-OWED]:  # ids sort by time: RFC 9562, 5.7
                del self._memory[key]
        self._memory[f"{kind} {event}"] = value

    def _forget(self, kind: str, event: str) -> None:
        self._memory.pop(f"{kind} {event}", None)
        kept = self._memory.get(kind, {})
        if event in kept:
            self._memory[kind] = {one: value for one, value in kept.items() if one != event}

    def _put(self, kind: str, key: str, value: Any) -> None:
        self._memory[kind] = _newest({**self._memory.get(kind, {}), key: value})


def _newest(kept: Mapping[str, Any]) -> dict[str, Any]:
    return dict([*kept.items()][-KEPT:])
