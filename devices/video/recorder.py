"""What every camera does with its packets: memory, pictures of a moment, one clip at a time."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices.machine.atomic_file import write_file
from devices.video.clip import Clip
from devices.video.freed_memory import return_freed_memory
from devices.video.live.stills import Stills
from devices.video.live.viewer import Viewer
from devices.video.packets.packet import Packet, StreamFormat
from devices.video.packets.packet_ring import PacketRing
from devices.video.recorded import CameraError, NoCopyError, RecordedClip
from devices.video.snapshot import jpeg_of
from devices.video.trouble import TroubleReport

log = logging.getLogger(__name__)
PATIENCE_S = 3.0
AWAY_S = 0.3  # for a camera that is known to be away: other doors may have rung meanwhile
LATEST_S = 15.0  # a visitor has left then, and there are no more attempts at the picture
NEAR_S = 0.25  # a picture from so long before the moment still shows it
FRESH_S = 2.0  # who begins to look gets what came so lately, and need not wait
BLIND_S = 5.0  # a camera that sends too few key frames is connected to again no more often
MB = 1_000_000
NO_PICTURE = "the camera {name} gives no picture. Is it plugged in and reachable?"
TOO_FEW_KEYS = (
    "the camera {name} sends too few key frames: what comes from one to the next takes more than "
    "{ring_mb:g} MB, and then there is no picture up to the next one. Set its key frame interval "
    "(GOP) to one or two seconds, or raise ring_mb"
)


class Recorder(TroubleReport):
    """Takes packets from the camera's thread, and makes pictures and clips for the handler's.

    Args:
        name: The camera's name, without its password.
        preroll_s: How many seconds before now are kept in memory.
        ring_mb: How much memory that may take, in MB.
        private: Says why nothing may be recorded now; None when it may.
        turn: By how many degrees the picture has to be turned to the right: 0, 90, 180 or 270.
    """

    def __init__(
        self,
        name: str,
        *,
        preroll_s: float = 5.0,
        ring_mb: float = 16,
        private: Callable[[], str | None] = lambda: None,
        turn: int = 0,
    ) -> None:
        super().__init__(name)
        return_freed_memory()
        self.private = private
        self.turn = turn
        self._ring = PacketRing(preroll_s, int(ring_mb * MB))
        self._too_few_keys = TOO_FEW_KEYS.format(name=name, ring_mb=ring_mb)
        self._format: StreamFormat | None = None
        self._viewers: set[Viewer] = set()
        self._stills = Stills(lambda: self.picture())  # noqa: PLW0108 - a subclass may have its own
        self._clip: Clip | None = None
        self._wanted: tuple[Path, float] | None = None  # a clip that waits for its first picture
        self._visited_at = 0.0  # the latest moment for which a clip was started or goes on
        self._changed = threading.Condition()

    def add(self, stream_format: StreamFormat, packet: Packet) -> None:
        """Add a packet. If the camera changed its format, only the clip keeps what came before."""
        with self._changed:
            if not stream_format.fits(self._format):
                self._forget()
            self._format = stream_format
            self._ring.add(packet)
            if self._clip:
                self._clip.add(stream_format, packet)
            self._begin_clip()
            for viewer in self._viewers:
                viewer.add(packet)
            self._changed.notify_all()
        self.set_trouble("")
        self.set_advice(self._too_few_keys if self._ring.is_too_small else "")

    def forget(self) -> None:
        """Drop all packets from memory. A clip that is being recorded ends here."""
        with self._changed:
            self._forget()
            self._wanted = None
            if self._clip:
                self._clip.end()

    def snapshot(self, path: Path, ago_s: float = 0.0) -> float:
        """See Camera."""
        moment = time.monotonic() - ago_s
        jpeg, seen_at = self._jpeg_of(moment)
        write_file(path, jpeg)
        return seen_at - moment

    def picture(self) -> bytes:
        """See Camera."""
        return self._jpeg_of(time.monotonic())[0]

    def still(self) -> bytes:
        """See Camera."""
        jpeg = self._stills.latest()
        if reason := self.private():
            self._stills.clear()
            raise CameraError(f"{reason}: nothing is seen")
        return jpeg

    def watch(self) -> Viewer:
        """See Camera."""
        if self._trouble:
            raise CameraError(self._trouble)
        now = time.monotonic()
        self._wait_for(now, now - FRESH_S, now)
        with self._changed:
            packets = self._ring.last_group()
            if not self._format or not packets:
                raise CameraError(f"the camera {self.name} begins anew. Try again")
            if self._format.template is None:
                raise NoCopyError(f"the camera {self.name} sends {self._format.codec}")
            turn = (self.turn + self._format.turn) % 360
            viewer = Viewer(self._format, turn, packets, self._forget_viewer)
            self._viewers.add(viewer)
            return viewer

    def start_clip(self, path: Path, ago_s: float = 0.0) -> tuple[Path, float]:
        """See Camera."""
        if reason := self.private():
            raise CameraError(f"{reason}: nothing is seen")
        with self._changed:
            self._visited_at = max(self._visited_at, time.monotonic() - ago_s)
            if self._wanted:
                return self._wanted[0], 0.0
            if self._clip and self._clip.is_running:
                return self._clip.path, self._clip.seconds
            if self._clip:
                log.info("%s ended early and is not reported", self._clip.path)
                self._clip = None
            self._wanted = path, time.monotonic() - ago_s
            self._begin_clip()
            # Without a key frame for long it begins much earlier: that does not make it end sooner.
            return path, min(self._clip.seconds, self._ring.seconds) if self._clip else 0.0

    def awaits_visitor(self, longest_s: float) -> bool:
        """See Camera."""
        with self._changed:
            if time.monotonic() - self._visited_at > LATEST_S:
                return False
            if self._clip and self._clip.is_running:
                is_behind = self._clip.latest_at < self._visited_at
                return is_behind and self._clip.seconds < longest_s
            return self._wanted is not None

    def needs_key_frame(self, longest_s: float) -> bool:
        """Whether none came for so long that the camera should be connected to again.

        Args:
            longest_s: So many seconds are too long while no clip depends on the packets. Where the
                memory cannot hold the packets since the last one, there is no picture: then fewer
                seconds are, also during a clip.
        """
        with self._changed:
            if self._ring.is_empty:
                return self._ring.group_s > BLIND_S
            return self._clip is None and self._ring.group_s > longest_s

    def finish_clip(self) -> RecordedClip | None:
        """See Camera."""
        with self._changed:
            clip = self._clip
            self._clip = self._wanted = None
        return clip.finish() if clip else None

    def end_clip(self) -> None:
        """Finish the clip when the process ends. Its faults are logged already."""
        with suppress(CameraError):
            self.finish_clip()

    def set_trouble(self, words: str) -> None:
        """Report why there is no picture, and end the live ones; see TroubleReport."""
        is_new = words != self._trouble
        super().set_trouble(words)
        if words and is_new:
            self._end_viewers()

    def _jpeg_of(self, moment: float) -> tuple[bytes, float]:
        """The picture of a moment, and when it was seen. A damaged one is made up for by others."""
        began = time.monotonic()
        after = moment - NEAR_S
        damage = ""
        while True:
            stream_format, packets = self._wait_for(moment, after, began, damage)
            try:
                return jpeg_of(stream_format, packets, moment, after, self.turn)
            except CameraError as error:
                if time.monotonic() - began > PATIENCE_S:
                    raise
                damage = f"the camera {self.name}: {error}"
                after = max(packet.at for packet in packets)

    def _wait_for(
        self, moment: float, after: float, began: float, damage: str = ""
    ) -> tuple[StreamFormat, list[Packet]]:
        """The packets around a moment, one of them later than `after`, or wait for one."""
        if reason := self.private():
            raise CameraError(f"{reason}: nothing is seen")
        with self._changed:
            while True:
                packets = self._ring.moment(moment, after)
                if self._format and packets:
                    return self._format, packets
                patience_s = AWAY_S if self._trouble else PATIENCE_S
                if not self._changed.wait(max(0.0, began + patience_s - time.monotonic())):
                    away = NO_PICTURE.format(name=self.name)
                    raise CameraError(self._trouble or damage or self._advice or away)

    def _begin_clip(self) -> None:
        """Begin the clip that is wanted, as soon as there is a picture to begin with."""
        if self._wanted is None or self._format is None:
            return
        path, moment = self._wanted
        if before := self._ring.since(moment - self._ring.seconds):
            self._clip = Clip(path, self._format, before, moment, self.turn)
            self._wanted = None

    def _end_viewers(self) -> None:
        with self._changed:
            for viewer in self._viewers:
                viewer.end()

    def _forget_viewer(self, viewer: Viewer) -> None:
        with self._changed:
            self._viewers.discard(viewer)

    def _forget(self) -> None:
        self._ring.clear()
        self._format = None
        self._stills.clear()
        self._end_viewers()
