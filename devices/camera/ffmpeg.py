"""A camera that FFmpeg's libraries can read. After any failure it is opened again."""

import logging
import threading
import time
from collections.abc import Callable

import av

from devices.camera.address import literal_address, without_password
from devices.video.packets.packet import Packet, StreamFormat
from devices.video.reading.source import TIMEOUT_S, Source, open_source
from devices.video.recorder import Recorder

RETRY_S = (0.5, 1, 2, 5, 10, 30)
CHECK_S = 0.5
REPEAT_S = 0.1  # from the end of a video file to its beginning
STILL_S = 0.5  # from one picture to the next, where an address gives one at a time
GRACE_S = 2.0  # an interruption so short is no trouble
# Without a key frame for so long, clips begin too early and pictures take long to decode. Most
# cameras send one to whoever connects, and one that did so this soon will do it again.
LONGEST_GROUP_S = 30.0
PROMPT_S = 2.0
AGAIN = "the camera {name} sends no key frame: connecting again, as often as that happens"
NO_KEY_FRAME = "it sends no key frame"
SET_GROUP = "Set its key frame interval (GOP) to one or two seconds"
REFUSED = "the camera {name} refuses the login. Are user and password in its address right?"
OPENING_S = 2 * sum(TIMEOUT_S)
# FFmpeg notices that a network camera is silent. That a device is silent is only noticed here.
FROZEN_S = 2 * TIMEOUT_S[1]


class AvCamera(Recorder):
    """A camera with two threads: one reads the source, and the other one opens it when needed.

    Args:
        source: See `devices.camera.open_camera`.
        preroll_s: See Recorder.
        ring_mb: See Recorder.
        private: See Recorder.
        turn: See Recorder.
    """

    def __init__(
        self,
        source: str,
        *,
        preroll_s: float = 5.0,
        ring_mb: float = 16,
        private: Callable[[], str | None] = lambda: None,
        turn: int = 0,
    ) -> None:
        super().__init__(
            without_password(source),
            preroll_s=preroll_s,
            ring_mb=ring_mb,
            private=private,
            turn=turn,
        )
        # What else the address may mean, where the camera refuses the login.
        self._source, self._other_source = source, literal_address(source)
        self._seen_at = -OPENING_S
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera", daemon=True)
        self._thread.start()

    def add(self, stream_format: StreamFormat, packet: Packet) -> None:
        """See Recorder."""
        self._seen_at = time.monotonic()
        super().add(stream_format, packet)

    def close(self) -> None:
        """See Camera."""
        self._closed.set()
        self._thread.join(sum(TIMEOUT_S))
        self.end_clip()

    def _watch(self) -> None:
        """Keep a reader running, except while it is private: then the camera itself is released."""
        failures = 0
        was_prompt = False
        while not self._closed.is_set():
            if reason := self.private():
                self.forget()
                self.set_trouble(f"{reason}: nothing is seen")
                self._closed.wait(CHECK_S)
                continue
            # A key frame may be 20 s away; one that came at once before has been lost on its way.
            patience_s = FROZEN_S if was_prompt else LONGEST_GROUP_S
            reader = _Reader(self._source, self.add, patience_s)
            fault = self._wait_for_end(reader)
            reader.stop()
            if reader.has_seen or fault == NO_KEY_FRAME:
                was_prompt = reader.is_prompt
            if not fault:
                if reader.has_seen:
                    failures = 0
                self._closed.wait(STILL_S if reader.is_still else REPEAT_S)
                continue
            failures = 1 if reader.has_seen else min(failures + 1, len(RETRY_S))
            if reader.is_refused:
                self.set_trouble(REFUSED.format(name=self.name))
                self._source, self._other_source = self._other_source, self._source
            elif time.monotonic() - self._seen_at > GRACE_S:
                advice = SET_GROUP if fault == NO_KEY_FRAME else "Is it plugged in and reachable?"
                self.set_trouble(f"the camera {self.name} gives no picture ({fault}). {advice}")
            self._closed.wait(RETRY_S[failures - 1])

    def _wait_for_end(self, reader: "_Reader") -> str:
        """Wait until the reader has ended or is frozen.

        Returns:
            What went wrong; empty if nothing did.
        """
        while reader.is_alive():
            if self._closed.is_set() or self.private():
                return ""
            if trouble := reader.trouble():
                return trouble
            if reader.is_prompt and self.needs_key_frame(LONGEST_GROUP_S):
                self.log_once(logging.INFO, AGAIN.format(name=self.name))
                return ""
            reader.join(CHECK_S)
        return reader.fault


class _Reader(threading.Thread):
    """Reads one connection to its end. If it hangs in a driver it is abandoned, and adds no more.

    Args:
        source: See `devices.camera.open_camera`.
        add: Takes each packet.
        patience_s: How long to wait for the first key frame while others come.

    Attributes:
        has_seen: Whether a picture came.
        is_prompt: Whether this is a network camera that gave its first picture at once.
        fault: What went wrong; empty if nothing did.
        is_refused: Whether the camera refused the login.
        is_still: Whether it gave one picture, and has to be asked for the next one.
    """

    def __init__(
        self, source: str, add: Callable[[StreamFormat, Packet], None], patience_s: float
    ) -> None:
        super().__init__(name="camera-reader", daemon=True)
        self._source = source
        self._add = add
        self._stopped = threading.Event()
        self._began = time.monotonic()
        self._latest = self._began + OPENING_S
        self._patience_s = patience_s
        self._opened: Source | None = None
        self.has_seen = False
        self.is_prompt = False
        self.fault = ""
        self.is_refused = False
        self.is_still = False
        self.start()

    def trouble(self) -> str:
        """What is wrong, though the connection has not ended; empty if nothing is."""
        now = time.monotonic()
        keyless_at = self._opened.keyless_at if self._opened else 0.0
        if now - max(self._latest, keyless_at) > FROZEN_S:
            return "it is frozen"
        is_keyless = keyless_at > self._latest and now - self._latest > self._patience_s
        return NO_KEY_FRAME if is_keyless else ""

    def stop(self) -> None:
        """Add no more packets, and wait a little for the end."""
        self._stopped.set()
        self.join(CHECK_S)

    def run(self) -> None:
        """Open the source, read it, and close it."""
        try:
            source = open_source(self._source)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.fault = without_password(str(error))
            self.is_refused = isinstance(error, av.HTTPUnauthorizedError)
            return
        self._opened = source
        self._latest = time.monotonic()
        try:
            for packet in source.packets(self._stopped):
                if self._stopped.is_set():
                    return
                self._latest = time.monotonic()
                if not self.has_seen:
                    is_quick = self._latest - self._began < PROMPT_S
                    self.is_prompt = is_quick and "://" in self._source
                self.has_seen = True
                self._add(source.stream_format, packet)
            self.is_still = source.is_still
            if not (source.is_still or (source.is_file and self.has_seen)):
                self.fault = "it closed the connection"
        except (av.FFmpegError, OSError, ValueError) as error:
            self.fault = without_password(str(error))
        finally:
            source.close()
