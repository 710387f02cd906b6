"""The relay: takes events from a house in order, and hands them to a target."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from doorbell_fleet.record import to_record
from doorbell_fleet.relay.target import Target
from hub import Event

log = logging.getLogger(__name__)
LATE_S = 10.0  # an event that is older when it is written is a lag that the status names
LOOK_S = 2.0


class Follower(Protocol):
    """What `hub.follower` gives."""

    @property
    def is_stopped(self) -> bool:
        """Whether another process has its name."""

    @property
    def is_up_to_date(self) -> bool:
        """Whether nothing more waits in the house."""

    def take(self) -> Sequence[tuple[Event, bytes]]:
        """The next events."""

    def finish(self) -> None:
        """They are done with."""

    def note(self, words: str) -> None:
        """Say it in the status."""


class Relay:
    """Copies until it is stopped.

    What was written is finished in the follower only afterwards: at least once, and in order.
    """

    def __init__(self, follower: Follower, target: Target, house: str) -> None:
        self._follower = follower
        self._target = target
        self._house = house
        self._batch: Sequence[Event] = ()
        self._ended = threading.Event()
        self._told = ""

    def run(self) -> None:
        """Copy.

        Raises:
            TargetError: the target needs a new process.
        """
        watcher = threading.Thread(target=self._watch, name="lag", daemon=True)
        watcher.start()
        try:
            while not self._follower.is_stopped:
                owed = self._follower.take()
                self._batch = [event for event, _ in owed]
                if owed:
                    self._target.send([to_record(payload, self._house) for _, payload in owed])
                    self._follower.finish()
        finally:
            self._ended.set()
            watcher.join()

    def lag(self) -> str:
        """How far the copy is behind the house, in words; empty when it is not."""
        waiting = self._batch
        if not waiting:
            return ""
        age_s = (datetime.now(UTC) - waiting[0].time).total_seconds()
        if age_s < LATE_S:
            return ""
        more = "" if self._follower.is_up_to_date else " or more"
        fault = f"; {self._target.fault}" if self._target.fault else ""
        return f"{len(waiting)} events{more} behind, the oldest of {waiting[0].time:%FT%TZ}{fault}"

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            words = self.lag()
            if bool(words) != bool(self._told):
                log.warning("%s", words or "the copy is up to date again")
            if words != self._told:
                self._follower.note(words)
            self._told = words
