"""What makes a press heard without anybody else: an electric gong on a relay, or a sound.

`python -m devices.speaker.chime_output SOUND VOLUME SPEAKER` plays once, in a process of its own.
"""

import logging
import sys
from pathlib import Path
from typing import Protocol

from devices.gpio.line import open_output


class Gong(Protocol):
    """Something that can be struck."""

    def ring(self) -> None:
        """Strike it, and return at once. While it sounds nothing more happens."""

    def close(self) -> None:
        """Let go of it."""


class RelayGong:
    """The house's electric gong, switched by a relay on a GPIO line, like the button of old did.

    Args:
        pin: BCM number of the GPIO line.
        strike_s: For how many seconds the relay closes.
        active_high: Whether it closes at 3.3 V; else at ground.

    Raises:
        GpioError: the line cannot be had.
    """

    def __init__(self, pin: int, *, strike_s: float, active_high: bool = True) -> None:
        self._line = open_output(pin, active_high=active_high)
        self._strike_s = strike_s

    def ring(self) -> None:
        """See Gong. The relay opens again by itself."""
        self._line.blink(self._strike_s, 0, n=1)

    def close(self) -> None:
        """See Gong."""
        self._line.off()
        self._line.close()


def main() -> None:
    """Play it."""
    from devices.speaker.speaker import SpeakerError, open_speaker  # noqa: PLC0415 - 10 MB that only the player needs

    sound, volume, name = sys.argv[1:]
    try:
        speaker = open_speaker(name, Path(sound).parent / "heard")
        speaker.play(Path(sound), float(volume))
        speaker.close()
    except SpeakerError as error:
        logging.basicConfig(format="%(levelname)s chime: %(message)s")
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - it says it all
        sys.exit(1)


if __name__ == "__main__":
    main()
