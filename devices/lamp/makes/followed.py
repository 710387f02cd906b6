"""A lamp on the broker whose state is followed, so that nothing is asked when the bell rings."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, MqttLink
from devices.lamp.payload import json_object

ABSENT = ("offline", "Offline", "false")


class FollowedLamp(ABC):
    """Listens to what a lamp reports, and asks it once after each connection.

    What a lamp reports is believed until the next connection, a command of ours, or the news that
    the lamp or its gateway is gone. A retained report is never believed: it may be of last week. A
    retained presence is, because the broker changes it when the device vanishes (its last will).

    Args:
        link: The connection to the broker.
        reports: Where the lamp reports its state, each report a JSON object.
        presences: Where it says whether it is there: `offline`, `Offline`, `false`, or
            `{"state": "offline"}` if it is not.
    """

    def __init__(self, link: MqttLink, *, reports: Iterable[str], presences: Iterable[str]) -> None:
        self._link = link
        self._news = threading.Condition()
        self._fields: dict[str, Any] = {}  # of all reports; one may hold the changes only
        self._state: LampState | None = None
        self._commanded: bool | None = None  # whether it is to be on, until it reports that
        self._absent: set[str] = set()
        for topic in presences:
            link.follow(topic, partial(self._hear_presence, topic))
        for topic in reports:
            link.follow(topic, self._hear_report, retained=False)
        link.on_connect(self._ask)

    def known(self) -> LampState | None:
        """See Light."""
        return None if self._absent else self._state

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. Reports from before the question do not count."""
        self._forget()
        self._link.publish(*self._question())
        with self._news:
            self._news.wait_for(lambda: self._state is not None, patience_s)
            return self._state

    def close(self) -> None:  # noqa: B027 - there is nothing to release
        """See Light."""

    @abstractmethod
    def _question(self) -> tuple[str, str]:
        """The topic and payload that make the lamp report its whole state."""

    @abstractmethod
    def _fields_in(self, text: str) -> dict[str, Any]:
        """What a report says of the state; nothing if it is about something else."""

    @abstractmethod
    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        """The state that these fields describe; None if they do not describe it."""

    def _command(self, topic: str, payload: str, *, on: bool) -> None:
        """Publish a command. What was reported before it, or of a step towards it, is void."""
        with self._news:
            self._state = None
            self._commanded = on
        self._link.publish(topic, payload)

    def _ask(self) -> None:
        """After a connection; in the network thread, which must not wait."""
        self._forget()
        self._link.publish(*self._question(), wait=False)

    def _forget(self) -> None:
        with self._news:
            self._fields = {}
            self._state = None
            self._commanded = None

    def _hear_report(self, text: str) -> None:
        fields = self._fields_in(text)
        if not fields:
            return
        with self._news:
            self._fields |= fields
            state = self._state_in(self._fields)
            if state and self._commanded in (None, state.on):
                self._state = state
                self._commanded = None
                self._news.notify_all()

    def _hear_presence(self, topic: str, text: str) -> None:
        if json_object(text).get("state", text) in ABSENT:
            self._absent.add(topic)
        elif topic in self._absent or self._state is None:
            self._absent.discard(topic)
            self._ask()
