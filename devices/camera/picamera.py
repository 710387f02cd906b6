"""A Raspberry Pi camera module, through picamera2 (which Raspberry Pi OS delivers by apt)."""

import io
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from devices.camera.ffmpeg import FROZEN_S, LOOK_S, RETRY_S
from devices.video.files import CameraError, write
from devices.video.packet import Packet, Shape, shape_of_h264
from devices.video.recorder import Recorder
from devices.video.source import Timeline

log = logging.getLogger(__name__)
SIZE = (1280, 720)  # pixels, unless the settings say otherwise
BITRATE = 3_000_000  # bits a second
RATE = 30  # pictures a second, and from key frame to key frame
NOW_S = 0.5  # a moment as near as this is what the camera sees


class PiCamera(Recorder):
    """Encodes all the time, which costs a Pi with a hardware encoder (all up to the 4) next to nothing.

    Its packets go to the same ring as everybody's. picamera2's own ring, CircularOutput2, gives a clip out as late as
    it is long, so that a clip's end would have to wait for it, and it knows no bound in bytes.

    Raises:
        CameraError: picamera2 is missing.
    """

    def __init__(
        self,
        *,
        size: tuple[int, int] = SIZE,
        preroll_s: float = 5.0,
        ring_mb: float = 16,
        private: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._size = size
        super().__init__("picamera", preroll_s=preroll_s, ring_mb=ring_mb, private=private)
        try:
            import picamera2  # noqa: F401, PLC0415 - hardware only where it is used
        except ImportError as error:
            raise CameraError(
                f"{error}. Install it with apt (python3-picamera2); make the environment with --system-site-packages"
            ) from error
        self._camera: Any = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera", daemon=True)
        self._thread.start()

    def snapshot(self, path: Path, ago_s: float = 0.0) -> float:
        """See Camera. What is seen now is taken from the sensor, which costs less than decoding."""
        camera = self._camera
        if ago_s > NOW_S or camera is None:
            return super().snapshot(path, ago_s)
        write(path, _look(camera))
        return ago_s

    def check(self) -> int:
        """See Camera."""
        camera = self._camera
        return super().check() if camera is None else len(_look(camera))

    def close(self) -> None:
        """See Camera."""
        self._closed.set()
        self._thread.join(RETRY_S[-1])
        self.put_down()

    def _watch(self) -> None:
        """Keep it encoding, but not while it is private."""
        failures = 0
        while not self._closed.is_set():
            if reason := self.private():
                self.forget()
                self.be_in_trouble(f"{reason}: nothing is seen")
                self._closed.wait(LOOK_S)
                continue
            try:
                self._film()
                failures = 0
            except Exception as error:  # noqa: BLE001 - libcamera's binding raises whatever it likes
                failures = min(failures + 1, len(RETRY_S))
                words = f"no picture from the Raspberry Pi camera: {error}. `rpicam-hello --list-cameras` shows them"
                self.be_in_trouble(words)
                self._closed.wait(RETRY_S[failures - 1])

    def _film(self) -> None:
        """Until it is private, closed or frozen."""
        from picamera2 import Picamera2  # noqa: PLC0415

        camera: Any = Picamera2()
        try:
            camera.configure(camera.create_video_configuration(main={"size": self._size}))
            sink = _sink(self.take)
            _start(camera, sink)
            self._camera = camera
            began = time.monotonic()
            while not self._closed.wait(LOOK_S) and not self.private():
                if time.monotonic() - max(began, sink.latest) > FROZEN_S:
                    raise CameraError("it is frozen")
        finally:
            self._camera = None
            with suppress(Exception):  # where it had not begun
                camera.stop_recording()
            camera.close()


def models() -> list[str]:
    """The camera modules that are connected, the first of which is used; none without picamera2. Nothing is opened."""
    try:
        from picamera2 import Picamera2  # noqa: PLC0415

        return [str(one.get("Model", "camera")) for one in Picamera2.global_camera_info()]
    except Exception as error:  # noqa: BLE001 - libcamera's binding raises whatever it likes
        log.info("no Raspberry Pi camera can be listed: %s", error)
        return []


def _start(camera: Any, sink: Any) -> None:
    """With the hardware's encoder or, where there is none (a Pi 5, a kernel without it), FFmpeg's."""
    from picamera2.encoders import H264Encoder, LibavH264Encoder  # noqa: PLC0415

    try:
        camera.start_recording(H264Encoder(bitrate=BITRATE, repeat=True, iperiod=RATE), sink)
    except Exception as error:  # noqa: BLE001 - a driver's own errors
        log.info("no hardware encoder (%s): encoding in software", error)
        camera.stop()
        camera.start_recording(LibavH264Encoder(bitrate=BITRATE, repeat=True, iperiod=RATE), sink)


def _sink(take: Callable[[Shape, Packet], None]) -> Any:
    """Where picamera2 puts its packets: one of its outputs."""
    from picamera2.outputs import Output  # noqa: PLC0415

    class Sink(Output):  # type: ignore[misc]
        """Gives each packet its time, and all of them their shape, which the first key frame tells."""

        def __init__(self) -> None:
            super().__init__()
            self._shape: Shape | None = None
            self._times = Timeline()
            self.latest = 0.0

        def outputframe(
            self, frame: bytes, keyframe: int = 1, timestamp: int | None = None, *_: Any, **__: Any
        ) -> None:
            """One packet of H.264 (Annex B); its time in microseconds."""
            data, now = bytes(frame), time.monotonic()
            if self._shape is None and keyframe:
                self._shape = shape_of_h264(data)
            if self._shape is None:
                return
            stamp = None if timestamp is None else timestamp / 1e6
            at, sent = self._times.place(stamp, stamp, now)
            self.latest = now
            take(self._shape, Packet(at, sent, data, bool(keyframe)))

    return Sink()


def _look(camera: Any) -> bytes:
    picture = io.BytesIO()
    try:
        camera.capture_file(picture, format="jpeg")
    except Exception as error:
        raise CameraError(f"the Raspberry Pi camera gives no picture: {error}") from error
    return picture.getvalue()
