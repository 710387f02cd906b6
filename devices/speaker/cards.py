"""Finds sound cards by their names: those that play, and those that record (ALSA)."""

from pathlib import Path
from typing import Any, NamedTuple

from devices.speaker.sounds.samples import SpeakerError, import_miniaudio


class Direction(NamedTuple):
    """Which way sound goes through a card.

    Attributes:
        noun: What such a card is called.
        nodes: The names of its files in /dev/snd.
        listing: miniaudio's method that lists them.
        program: The one that lists them on the command line.
    """

    noun: str
    nodes: str
    listing: str
    program: str

    def find(self, miniaudio: Any, device: str | None) -> tuple[Any, list[Any]]:
        """The id of a card (None for the default one), and where miniaudio is to look for it.

        Raises:
            SpeakerError: There is no such card.
        """
        backends = [miniaudio.Backend.ALSA]
        if device is None:
            self.require()
            self.cards(miniaudio)
            return None, backends
        cards = self.cards(miniaudio)
        for card in cards:
            if device.lower() in card["name"].lower():
                return card["id"], backends
        names = ", ".join(card["name"] for card in cards) or "none"
        raise SpeakerError(
            f"no {self.noun}: no name contains {device!r}. `{self.program} -L` shows: {names}"
        )

    def require(self) -> None:
        """Look whether the machine has any.

        Raises:
            SpeakerError: It has none.
        """
        if not any(Path("/dev/snd").glob(self.nodes)):
            shown = f"`{self.program} -l` shows what there is"
            raise SpeakerError(f"no {self.noun}: /dev/snd has none. {shown}")

    def cards(self, miniaudio: Any) -> list[Any]:
        """All of them, as miniaudio lists them.

        Raises:
            SpeakerError: They cannot be listed: ALSA's library is missing, for example.
        """
        try:
            devices = miniaudio.Devices([miniaudio.Backend.ALSA])
            return list(getattr(devices, self.listing)())
        except miniaudio.MiniaudioError as error:
            raise SpeakerError(
                f"no {self.noun} can be used: {error}. `{self.program} -l` shows what there is"
            ) from error


PLAYBACK = Direction("sound card", "pcm*p", "get_playbacks", "aplay")
CAPTURE = Direction("microphone", "pcm*c", "get_captures", "arecord")


def list_outputs() -> list[str]:
    """The names of all playback devices, as the system lists them. None of them is opened.

    Raises:
        SpeakerError: miniaudio is missing, or there is no sound card.
    """
    miniaudio = import_miniaudio()
    PLAYBACK.require()
    return list(dict.fromkeys(str(card["name"]) for card in PLAYBACK.cards(miniaudio)))
