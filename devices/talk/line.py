"""The line to a door: its speaker and its microphone, of which one is on at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic

from devices.speaker.sounds.samples import SpeakerError
from devices.talk.audio.loudspeaker import Loudspeaker
from devices.talk.audio.microphone import Microphone
from devices.talk.audio.pcm import at_volume
from devices.talk.chime import chime
from devices.talk.jitter_buffer import LONGEST_S, JitterBuffer
from devices.talk.listener import Listener
from devices.words import marked

AFRESH_S = 30.0  # after such a pause the next word has a chime before it
HANDOVER_S = 2.0  # the last words of one who has let go are heard before the next one's
ECHO_S = 0.3  # until the last word is no longer heard in front of the door
STUCK_S = 3.0
CHECK_S = 0.02
TOO_LONG = marked("That was long. Press again to go on")
STUCK = marked("The speaker at the door has stopped. Is it still plugged in?")
No = Callable[[], str | None]


class OccupiedError(RuntimeError):
    """Another person speaks at this door; the text is the name."""


class Turn:
    """A person who speaks at a door.

    Args:
        buffer: Where the words go.
        volume: 0 to 1.
        longest_s: How long one may speak.
    """

    def __init__(self, buffer: JitterBuffer, volume: float, longest_s: float) -> None:
        self._buffer = buffer
        self._volume = volume
        self._over_s = monotonic() + longest_s
        self._taken_s = monotonic()

    def say(self, sound: bytes) -> None:
        """Have this heard at the door: whole samples; see `devices.talk.audio.pcm`."""
        self._buffer.put(at_volume(sound, self._volume))

    def take(self, size: int) -> bytes:
        """The next bytes for the speaker."""
        self._taken_s = monotonic()
        return self._buffer.take(size)

    def over_because(self) -> str | None:
        """Why it is over, in words; None while it goes on."""
        if self.is_stuck():
            return STUCK
        return TOO_LONG if monotonic() > self._over_s else None

    def is_stuck(self) -> bool:
        """Whether the speaker takes nothing any more."""
        return monotonic() - self._taken_s > STUCK_S

    def finish(self) -> None:
        """Wait until the last word was taken, unless the speaker takes nothing any more."""
        self._buffer.end()
        late_s = monotonic() + 2 * LONGEST_S
        pause = threading.Event()
        while not (self._buffer.is_empty or self.is_stuck() or monotonic() > late_s):
            pause.wait(CHECK_S)


class Line:
    """Lets one person speak at a time, and all others hear the door meanwhile when nobody speaks.

    Args:
        loudspeaker: What is heard at the door.
        microphone: What hears the visitor.
        private: Why nobody may listen now, in words; None when one may.
        has_chime: Whether a chime comes before the first word.
        volume: At the door, 0 to 1.
        longest_s: How long one may speak without letting go.
    """

    def __init__(
        self,
        loudspeaker: Loudspeaker,
        microphone: Microphone,
        private: No,
        *,
        has_chime: bool = True,
        volume: float = 1.0,
        longest_s: float = 60.0,
    ) -> None:
        self._loudspeaker = loudspeaker
        self._microphone = microphone
        self.private = private
        self._has_chime = has_chime
        self._volume = volume
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._is_free = threading.Condition(self._lock)
        self._speaker: str | None = None
        self._is_ending = False
        self._ended_s: float | None = None
        self._listeners: set[Listener] = set()
        self._hearing = ExitStack()

    @contextmanager
    def speaking(self, person: str, volume: float) -> Iterator[Turn]:
        """Open the speaker for this person, and for nobody else, while this lasts.

        Args:
            person: The name.
            volume: 0 to 1, of the one that is set.

        Raises:
            OccupiedError: Another person speaks.
            SpeakerError: The speaker cannot be used now.
        """
        with self._is_free:
            # Who has let go and presses again may come before her last words have been read.
            if self._is_ending or self._speaker == person:
                self._is_free.wait_for(lambda: self._speaker is None, HANDOVER_S)
            if self._speaker is not None:
                raise OccupiedError(self._speaker)
            self._speaker = person
        is_open = False
        try:
            volume *= self._volume
            begin = at_volume(chime(), volume) if self._is_afresh() else b""
            turn = Turn(JitterBuffer(begin), volume, self._longest_s)
            with self._loudspeaker.playing(turn.take):
                is_open = True
                yield turn
                self._is_ending = True
                turn.finish()
        finally:
            if is_open:
                self._ended_s = monotonic()
            with self._is_free:
                self._speaker = None
                self._is_ending = False
                self._is_free.notify()

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Hear the door while this lasts. The microphone is open while anybody listens.

        Raises:
            SpeakerError: It is private now, or the microphone cannot be used.
        """
        if reason := self.private():
            raise SpeakerError(f"{reason}: nothing is heard")
        listener = Listener()
        with self._lock:
            if not self._listeners:
                self._hearing.enter_context(self._microphone.hearing(self._spread))
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)
                if not self._listeners:
                    self._hearing.close()

    def check(self) -> str:
        """Open both, in silence, unless a talk has them open: many cards open only once.

        Returns:
            What was found, in words.

        Raises:
            SpeakerError: One of them cannot be used now.
        """
        if self._speaker is None:
            with self._loudspeaker.playing(bytes):
                pass
        if reason := self.private():
            return f"the speaker opens; {reason}: the microphone was not tried"
        if not self._listeners:
            with self._microphone.hearing(len):
                pass
        return "the speaker and the microphone open"

    def is_echoing(self) -> bool:
        """Whether the last word may still be heard in front of the door."""
        return self._ended_s is not None and monotonic() - self._ended_s < ECHO_S

    def _is_afresh(self) -> bool:
        is_long = self._ended_s is None or monotonic() - self._ended_s > AFRESH_S
        return self._has_chime and is_long

    def _spread(self, sound: bytes) -> None:
        """Give it to all who listen; silence, while somebody speaks: nobody hears himself."""
        if self._speaker is not None or self.is_echoing():
            sound = bytes(len(sound))
        for listener in tuple(self._listeners):
            listener.put(sound)
