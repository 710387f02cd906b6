"""The lines to all doors of a house."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devices.speaker.sounds.samples import SpeakerError
from devices.talk.audio.loudspeaker import open_loudspeaker
from devices.talk.audio.microphone import open_microphone
from devices.talk.line import Line
from devices.talk.place import TALK
from devices.talk.server import serving_talk
from devices.talk.settings import TalkSettings


class Intercom:
    """The lines, by door. Doors with the same speaker and microphone share one."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._lines = lines

    def line_to(self, door: str) -> Line:
        """The line to a door.

        Raises:
            SpeakerError: There is none.
        """
        if door not in self._lines:
            raise SpeakerError(f"no speaker at {door}: doors in [handlers.talk] leaves it out")
        return self._lines[door]

    def check(self, door: str) -> str:
        """Open speaker and microphone of a door, in silence.

        Returns:
            What was found, in words.

        Raises:
            SpeakerError: One of them cannot be used now.
        """
        return self.line_to(door).check()


@contextmanager
def open_intercom(
    settings: TalkSettings,
    doors: Iterable[str],
    state_dir: Path,
    private: Callable[[], str | None],
) -> Iterator[Intercom]:
    """Serve the lines to these doors while this lasts. No device is open until somebody talks.

    Args:
        settings: Which speakers and microphones.
        doors: The doors.
        state_dir: Where a simulated speaker writes, and the socket is if nothing else is set.
        private: Why nobody may listen now, in words; None when one may.

    Raises:
        OSError: There can be no socket.
    """
    folder = settings.folder_in(state_dir)
    by_devices: dict[tuple[str, str], Line] = {}
    lines: dict[str, Line] = {}
    for door in doors:
        devices = speaker, microphone = settings.devices_at(door)
        if devices not in by_devices:
            by_devices[devices] = Line(
                open_loudspeaker(speaker, folder),
                open_microphone(microphone),
                private,
                has_chime=settings.chime,
                volume=settings.volume / 100,
                longest_s=settings.longest_s,
            )
        lines[door] = by_devices[devices]
    intercom = Intercom(lines)
    with serving_talk(TALK.folder(state_dir), intercom.line_to):
        yield intercom
