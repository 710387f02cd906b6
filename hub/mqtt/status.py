"""How this process is: published, kept by the broker, and published again after each reconnect."""

import os
from datetime import UTC, datetime

from hub.mqtt.bus import Bus, Will
from hub.system import sd_notify
from hub.wire import status
from hub.wire.codec import JSON
from hub.wire.status import ProcessState, Reason
from hub.wire.topics import Topics


def will(source: str, root: str) -> Will:
    """The status that the broker publishes when this process vanishes."""
    return Will(Topics(root).status(source), status.VANISHED.encode())


class StatusPublisher:
    """Publishes `starting`, `ready`, `failed` or `offline`, again after each reconnect."""

    def __init__(self, bus: Bus, source: str) -> None:
        self._bus = bus
        self._topic = bus.topics.status(source)
        self._state: ProcessState = "starting"
        self._reason: Reason = ""
        self._detail = ""
        self._notes: dict[str, tuple[Reason, str]] = {}
        bus.note = self.note
        bus.on_connect.append(self._publish)
        bus.on_retry.append(self._publish)

    def set(self, state: ProcessState, reason: Reason = "", detail: str = "") -> None:
        """Publish how this process is now.

        Args:
            state: What it does.
            reason: Why, as a code; with a detail alone it is `fault`.
            detail: Why, in words for the person who has to repair it.
        """
        self._state = state
        self._reason = reason or ("fault" if detail else "")
        self._detail = detail
        self._publish()

    def note(self, part: str, detail: str, reason: Reason = "fault") -> None:
        """Publish what is wrong with a part, while the rest works.

        Args:
            part: Which: its last words count.
            detail: What is wrong; empty when it is repaired.
            reason: `fault`, or `private` for what is so by somebody's will.
        """
        if detail:
            self._notes[part] = reason, detail
        else:
            self._notes.pop(part, None)
        if self._state == "ready":
            self._publish()

    def _publish(self) -> None:
        reason, detail = self._why()
        told = status.status(
            self._state,
            reason,
            detail,
            time=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            pid=os.getpid(),
            mqtt=self._bus.protocol,
        )
        sd_notify.status(self._state, told.words)
        self._bus.publish(self._topic, told.encode(), retain=True, content_type=JSON)

    def _why(self) -> tuple[Reason, str]:
        """The reason of the state; of a ready process, also what is wrong with its parts."""
        if self._state != "ready":
            return self._reason, self._detail
        own: tuple[Reason, str] = self._reason, self._detail
        refused: tuple[Reason, str] = "fault", self._bus.refusals.words
        faults = [one for one in (own, *self._notes.values(), refused) if one[1]]
        if not faults:
            return self._reason, ""
        reasons = {reason for reason, _ in faults}
        reason: Reason = "private" if reasons == {"private"} else "fault"
        return reason, "; ".join(detail for _, detail in faults)
