"""Has the recordings of a visit deleted or kept: the hub journals it, and their recorder obeys."""

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.confirmed import ConfirmedCommands
from hub.wire import topics
from hub.wire.recordings import Recordings


class RecordingsClient:
    """Asks over a bus; many threads may do so at once."""

    def __init__(self, bus: Bus, settings: Settings, source: str) -> None:
        kind = topics.RECORDINGS_WANTED
        self._commands = ConfirmedCommands(bus, settings.hub, source, kind)

    def give(self, command: Recordings, door: str) -> None:
        """Give the command, and wait until the hub has it in its journal.

        Args:
            command: What is wanted.
            door: Of the visit.

        Raises:
            UnconfirmedError: there is no broker, or no hub.
        """
        self._commands.give(command, door)
