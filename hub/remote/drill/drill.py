"""A drill on demand: a marked test press through the whole chain.

Handlers can be killed or stopped on the way.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.confirmed import PATIENCE_S, UnconfirmedError
from hub.remote.drill.roll_call import DrillResult, RollCall
from hub.remote.drill.trouble import Trouble, kill, stopped, wait_for
from hub.remote.press import PressClient
from hub.system import processes
from hub.wire import topics
from hub.wire.event import Event

STATUSES_S = 5.0


class DrillError(RuntimeError):
    """A drill is not possible; the text says why and what to do."""


class DrillClient:
    """Drills over a bus of its own.

    Args:
        bus: Not yet started.
        settings: Of this house.
    """

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus = bus
        self._roll = RollCall(bus, settings)
        self._client = PressClient(bus, settings, drill=True)
        self._roll.open()

    def drill(
        self, door: str, trouble: Trouble, timeout_s: float
    ) -> tuple[Event, list[DrillResult]]:
        """Make the trouble, drill, and wait until every handler has reacted.

        Args:
            door: Its name.
            trouble: What to do to handlers first.
            timeout_s: How many seconds to wait at most.

        Raises:
            DrillError: there is no broker, no hub or no handler, or a handler to be killed or
                stopped is not on this machine.
        """
        if not self._bus.connected.wait(PATIENCE_S):
            raise DrillError(self._bus.absence)
        self._roll.connected()
        wait_for(lambda: self._roll.is_quiet, STATUSES_S)
        if not self._roll.expected():
            raise DrillError(
                "no handler has published its status on this broker. `doorbell run` starts them"
            )
        killed = self._pids(trouble.kill)
        slowed = self._pids(trouble.slow)
        for pid in killed.values():
            kill(pid)
        stops = {slowed[name]: seconds for name, seconds in trouble.slow.items()}
        with stopped(stops) as resume_due:
            event = self._press(door)

            def is_over() -> bool:
                resume_due()
                return self._roll.is_complete(event.id, self._roll.expected())

            wait_for(is_over, timeout_s)
            results = self._roll.results(event.id)
        return event, [self._with_trouble(result, killed, trouble.slow) for result in results]

    def _press(self, door: str) -> Event:
        try:
            return self._client.press(door)
        except UnconfirmedError as error:
            raise DrillError(str(error)) from error

    def _pids(self, names: Sequence[str] | Mapping[str, float]) -> dict[str, int]:
        return {name: self._pid(name) for name in names}

    def _pid(self, name: str) -> int:
        """The process ID of a handler on this machine, never that of another process."""
        if name not in self._roll.expected():
            names = ", ".join(self._roll.expected())
            raise DrillError(f"{name}: there is no such handler. There are: {names}")
        status = self._roll.status(name)
        pid = status.pid if status else None
        if pid is None or not processes.belongs_to(pid, topics.source("handler", name)):
            raise DrillError(
                f"{name}: its process has ended, or runs on another machine. Run this command there"
            )
        try:
            os.kill(pid, 0)  # tests the permission only
        except PermissionError as error:
            raise DrillError(
                f"{name}: its process belongs to another user. Run this command as that user"
            ) from error
        return pid

    def _with_trouble(
        self, result: DrillResult, killed: Mapping[str, int], slow: Mapping[str, float]
    ) -> DrillResult:
        """The result, whose words begin with what was done to the handler."""
        name = result.handler
        words = []
        if name in killed:
            status = self._roll.status(name)
            is_back = status is not None and status.pid not in (None, killed[name])
            words.append("after a restart" if is_back else "killed, and not back")
        if name in slow:
            words.append(f"stopped for {slow[name]:g} s")
        return replace(result, words="; ".join(filter(None, [*words, result.words])))
