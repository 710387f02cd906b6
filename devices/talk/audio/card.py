"""A sound card that is open while somebody talks or listens."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from devices.speaker.cards import Direction
from devices.speaker.sounds.samples import SpeakerError, import_miniaudio
from devices.talk.audio.pcm import RATE_HZ

PERIOD_MS = 20  # of a card's buffer, which has three


@contextmanager
def running(
    direction: Direction,
    kind: Callable[[Any], Any],
    device: str | None,
    stream: Generator[Any, Any, None],
) -> Iterator[None]:
    """Have a card play or hear while this lasts.

    Args:
        direction: Which way.
        kind: miniaudio's class for it, out of the module.
        device: A part of the card's name; None for the default one.
        stream: The generator that miniaudio wants.

    Raises:
        SpeakerError: There is no such card, or it cannot be used now.
    """
    miniaudio = import_miniaudio()
    card_id, backends = direction.find(miniaudio, device)
    next(stream)
    card = None
    try:
        try:
            card = kind(miniaudio)(
                nchannels=1,
                sample_rate=RATE_HZ,
                buffersize_msec=PERIOD_MS,
                device_id=card_id,
                backends=backends,
            )
            card.start(stream)
        except miniaudio.MiniaudioError as error:
            raise SpeakerError(
                f"the {direction.noun} cannot be used now: {error}. Does another program use it?"
            ) from error
        yield
    finally:
        if card:
            with suppress(miniaudio.MiniaudioError):
                card.close()
