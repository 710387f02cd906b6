"""A lamp on the broker whose state is followed, so that nothing is asked when the bell rings."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, LightError, MqttLink
from devices.lamp.payload import json_object

ABSENT = ("offline", "Offline", "false")


class FollowedLamp(ABC):
    """Listens to what a lamp reports, and asks it once after each connection.

    What a lamp reports is believed until the next connection, a command of ours, or the news that
    the lamp or its gateway is gone. A retained report is never believed: it may be of last week. A
    retained presence is, because the broker changes it when the device vanishes (its last will).

    A device with several outputs is several lamps, each with a state of its own. A name without an
    output is refused for it: the first output is not the whole device.

    Args:
        name: The lamp's name in the settings, for errors.
        link: The connection to the broker.
        reports: Where the lamp reports its state, each report a JSON object.
        presences: Where it says whether it is there: `offline`, `Offline`, `false`, or
            `{"state": "offline"}` if it is not.
        can_be_asked: Whether it answers a question. A lamp that does not is believed what it said
            last, and so is the broker what it retained of that.
    """

    def __init__(
        self,
        name: str,
        link: MqttLink,
        *,
        reports: Iterable[str],
        presences: Iterable[str],
        can_be_asked: bool = True,
    ) -> None:
        self._name = name
        self._link = link
        self._can_be_asked = can_be_asked
        self._news = threading.Condition()
        self._fields: dict[str, Any] = {}  # of all reports; one may hold the changes only
        self._state: LampState | None = None
        self._commanded: bool | None = None  # whether it is to be on, until it reports that
        self._absent: set[str] = set()
        self._others: list[str] = []  # the outputs of the device, where the name has none
        if not can_be_asked:
            link.on_connect(self._forget)  # first: what the broker retained comes after it
        for topic in presences:
            link.follow(topic, partial(self._hear_presence, topic))
        for topic in reports:
            link.follow(topic, self._hear_report, retained=not can_be_asked)
        if can_be_asked:
            link.on_connect(self._ask)

    def known(self) -> LampState | None:
        """See Light.

        Raises:
            LightError: The name has no output, and the device has several.
        """
        self._refuse_several()
        return None if self._absent else self._state

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. Reports from before the question do not count.

        Raises:
            LightError: The name has no output, and the device has several.
        """
        if self._can_be_asked:
            self._forget()
            self._link.publish(*self._question())
        elif self._absent:
            return None
        with self._news:
            self._news.wait_for(lambda: self._state is not None or self._others, patience_s)
            self._refuse_several()
            return self._state

    def members(self) -> list[str]:
        """See Light."""
        return []

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

    def _outputs_in(self, fields: dict[str, Any]) -> list[str]:  # noqa: ARG002 - see below
        """The outputs that these fields tell apart, where the name has none; mostly none."""
        return []

    def _refuse_several(self) -> None:
        if self._others:
            names = ", ".join(f"{self._name}:{output}" for output in self._others)
            raise LightError(f"{self._name} has several outputs. Write one or more of {names}")

    def _command(self, topic: str, payload: str, *, on: bool) -> None:
        """Publish a command. What was reported before it, or of a step towards it, is void."""
        if self._can_be_asked:
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
            self._others = []

    def _hear_report(self, text: str) -> None:
        fields = self._fields_in(text)
        if not fields:
            return
        with self._news:
            self._fields |= fields
            self._others = self._outputs_in(self._fields)
            state = None if self._others else self._state_in(self._fields)
            if self._others:
                self._news.notify_all()
            if state and self._commanded in (None, state.on):
                self._state = state
                self._commanded = None
                self._news.notify_all()

    def _hear_presence(self, topic: str, text: str) -> None:
        if json_object(text).get("state", text) in ABSENT:
            self._absent.add(topic)
        elif topic in self._absent or self._state is None:
            self._absent.discard(topic)
            if self._can_be_asked:
                self._ask()
