"""Between a phone, whose words come in gusts, and a speaker, which takes them at an even pace."""

import threading

from devices.talk.audio.pcm import bytes_for, is_quiet

START_S = 0.06  # so much waits before the first word is heard
MORE_S = 0.02  # and so much more after each gap
LARGEST_START_S = 0.2
SLACK_S = 0.06  # a phone sends so much at once
LONGEST_S = 0.6  # what waits longer is left out
PIECE = bytes_for(0.01)


class JitterBuffer:
    """Holds what has come, and is never longer than `LONGEST_S`: the oldest is left out.

    What has waited too long, as during the chime, is made up for in the pauses: there is no need to
    hear those. Each gap in what comes makes it wait a little longer before it goes on.

    Args:
        chime: What is heard before anything else, while the first words wait.
    """

    def __init__(self, chime: bytes = b"") -> None:
        self._chime = chime
        self._waiting = bytearray()
        self._start = bytes_for(START_S)
        self._flows = False
        self._is_over = False
        self._lock = threading.Lock()

    def put(self, sound: bytes) -> None:
        """Add what the phone sent: whole samples."""
        with self._lock:
            self._waiting += sound
            excess = len(self._waiting) - bytes_for(LONGEST_S)
            if excess > 0:
                del self._waiting[:excess]

    def end(self) -> None:
        """Nothing more comes: what waits is heard to its end."""
        self._is_over = True

    @property
    def is_empty(self) -> bool:
        """Whether all was taken."""
        return not self._chime and not self._waiting

    def take(self, size: int) -> bytes:
        """The next bytes for the speaker, filled up with silence."""
        with self._lock:
            taken = self._chime[:size]
            self._chime = self._chime[size:]
            if not self._chime:
                taken += self._words(size - len(taken))
        return taken + bytes(size - len(taken))

    def _words(self, size: int) -> bytes:
        self._make_up()
        if not self._flows and not self._is_over and len(self._waiting) < self._start:
            return b""
        self._flows = True
        taken = bytes(self._waiting[:size])
        del self._waiting[:size]
        if len(taken) < size and not self._is_over:
            self._flows = False
            self._start = min(self._start + bytes_for(MORE_S), bytes_for(LARGEST_START_S))
        return taken

    def _make_up(self) -> None:
        """Leave out a pause while more waits than needs to."""
        enough = self._start + bytes_for(SLACK_S)
        while len(self._waiting) > enough and is_quiet(bytes(self._waiting[:PIECE])):
            del self._waiting[:PIECE]
