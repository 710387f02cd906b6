"""The hub's own chime, which needs no other process: an electric chime on a relay, or a sound.

`python -m devices.speaker.chime_output SOUND VOLUME SPEAKER` plays once, in a process of its own.
"""

import logging
import sys
from pathlib import Path
from typing import Protocol

from devices.gpio.line import open_output


class ChimeOutput(Protocol):
    """Something that can ring once."""

    def ring(self) -> None:
        """Ring, and return at once. A call while it still sounds does nothing."""

    def close(self) -> None:
        """Release it."""


class RelayChime:
    """The house's electric chime on a relay, which closes as the old bell button did.

    Args:
        pin: The BCM number of the relay's GPIO line.
        strike_s: How long the relay stays closed, in seconds.
        active_high: Whether the relay closes at 3.3 V; otherwise it closes at ground.

    Raises:
        GpioError: The line cannot be used.
    """

    def __init__(self, pin: int, *, strike_s: float, active_high: bool = True) -> None:
        self._line = open_output(pin, active_high=active_high)
        self._strike_s = strike_s

    def ring(self) -> None:
        """See ChimeOutput. The relay opens again by itself."""
        self._line.blink(self._strike_s, 0, n=1)

    def close(self) -> None:
        """See ChimeOutput."""
        self._line.off()
        self._line.close()


def main() -> None:
    """Play the sound that the command line names."""
    # The speaker takes 10 MB, which only this process pays for.
    from devices.speaker.sounds.samples import SpeakerError  # noqa: PLC0415
    from devices.speaker.speaker import open_speaker  # noqa: PLC0415

    sound, volume, name = sys.argv[1:]
    try:
        speaker = open_speaker(name, Path(sound).parent / "heard")
        speaker.play(Path(sound), float(volume))
        speaker.close()
    except SpeakerError as error:
        logging.basicConfig(format="%(levelname)s chime: %(message)s")
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - the text is complete
        sys.exit(1)


if __name__ == "__main__":
    main()
