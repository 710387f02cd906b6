"""A Raspberry Pi camera module, through picamera2 (which Raspberry Pi OS has as an apt package)."""

import io
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from devices.camera.ffmpeg import CHECK_S, FROZEN_S, RETRY_S
from devices.machine.atomic_file import write_file
from devices.video.packets.packet import Packet, StreamFormat, format_of_annex_b
from devices.video.reading.timestamps import TimestampMapper
from devices.video.recorded import CameraError
from devices.video.recorder import Recorder

log = logging.getLogger(__name__)
SIZE = (1280, 720)  # pixels, if the settings name no size
BITRATE = 3_000_000  # bits a second
RATE = 30  # pictures a second, and pictures from key frame to key frame
NOW_S = 0.5  # a moment that is no longer ago is what the camera sees now


class PiCamera(Recorder):
    """A camera module that encodes all the time.

    That costs next to nothing on a Pi with a hardware encoder (all models up to the 4). The packets
    go to the same ring as those of other cameras. picamera2's own ring, CircularOutput2, delays the
    packets by its length, so that the end of a clip would have to wait, and has no limit in bytes.

    Args:
        size: The width and height of its pictures, in pixels.
        preroll_s: See Recorder.
        ring_mb: See Recorder.
        private: See Recorder.
        turn: See Recorder.

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
        turn: int = 0,
    ) -> None:
        super().__init__(
            "picamera", preroll_s=preroll_s, ring_mb=ring_mb, private=private, turn=turn
        )
        try:
            import picamera2  # noqa: F401, PLC0415 - hardware
        except ImportError as error:
            raise CameraError(
                f"{error}. Install it with apt (python3-picamera2); make the environment with "
                "--system-site-packages"
            ) from error
        self._size = size
        self._camera: Any = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera", daemon=True)
        self._thread.start()

    def snapshot(self, path: Path, ago_s: float = 0.0) -> float:
        """See Camera. A picture of now comes from the sensor, which costs less than decoding."""
        camera = self._camera
        if ago_s > NOW_S or camera is None or self.turn:
            return super().snapshot(path, ago_s)
        write_file(path, _capture(camera))
        return ago_s

    def picture(self) -> bytes:
        """See Camera."""
        camera = self._camera
        if camera is None or self.turn:
            return super().picture()
        return _capture(camera)

    def close(self) -> None:
        """See Camera."""
        self._closed.set()
        self._thread.join(RETRY_S[-1])
        self.end_clip()

    def _watch(self) -> None:
        """Keep the camera encoding, except while it is private."""
        failures = 0
        while not self._closed.is_set():
            if reason := self.private():
                self.forget()
                self.set_trouble(f"{reason}: nothing is seen")
                self._closed.wait(CHECK_S)
                continue
            try:
                self._record()
                failures = 0
            except Exception as error:  # noqa: BLE001 - libcamera's binding may raise anything
                failures = min(failures + 1, len(RETRY_S))
                no_picture = f"no picture from the Raspberry Pi camera: {error}"
                self.set_trouble(f"{no_picture}. `rpicam-hello --list-cameras` shows them")
                self._closed.wait(RETRY_S[failures - 1])

    def _record(self) -> None:
        """Encode until it is private, closed or frozen."""
        from picamera2 import Picamera2  # noqa: PLC0415 - hardware

        camera: Any = Picamera2()
        try:
            camera.configure(camera.create_video_configuration(main={"size": self._size}))
            output = _output(self.add)
            _start(camera, output)
            self._camera = camera
            began = time.monotonic()
            while not self._closed.wait(CHECK_S) and not self.private():
                if time.monotonic() - max(began, output.latest) > FROZEN_S:
                    raise CameraError("it is frozen")
        finally:
            self._camera = None
            with suppress(Exception):  # if it had not started
                camera.stop_recording()
            camera.close()


def list_modules() -> list[str]:
    """The models of the connected camera modules, of which the first is used.

    Nothing is opened. Without picamera2 there are none.
    """
    try:
        from picamera2 import Picamera2  # noqa: PLC0415 - hardware

        return [str(one.get("Model", "camera")) for one in Picamera2.global_camera_info()]
    except Exception as error:  # noqa: BLE001 - libcamera's binding may raise anything
        log.info("no Raspberry Pi camera can be listed: %s", error)
        return []


def _start(camera: Any, output: Any) -> None:
    """Start the hardware's encoder; without one (a Pi 5, some kernels) FFmpeg's."""
    from picamera2.encoders import H264Encoder, LibavH264Encoder  # noqa: PLC0415 - hardware

    settings = {"bitrate": BITRATE, "repeat": True, "iperiod": RATE}
    try:
        camera.start_recording(H264Encoder(**settings), output)
    except Exception as error:  # noqa: BLE001 - a driver's own errors
        log.info("no hardware encoder (%s): encoding in software", error)
        camera.stop()
        camera.start_recording(LibavH264Encoder(**settings), output)


def _output(add: Callable[[StreamFormat, Packet], None]) -> Any:
    """Make the output to which picamera2 sends its packets."""
    from picamera2.outputs import Output  # noqa: PLC0415 - hardware

    class PacketOutput(Output):  # type: ignore[misc]
        """Gives each packet its time, and the format, which the first key frame shows."""

        def __init__(self) -> None:
            super().__init__()
            self._format: StreamFormat | None = None
            self._timestamps = TimestampMapper()
            self.latest = 0.0

        def outputframe(
            self, frame: bytes, keyframe: int = 1, timestamp: int | None = None, *_: Any, **__: Any
        ) -> None:
            """Take one packet of H.264 (Annex B), with its time in microseconds."""
            data = bytes(frame)
            now = time.monotonic()
            if self._format is None and keyframe:
                self._format = format_of_annex_b("h264", data)
            if self._format is None:
                return
            stamp_s = None if timestamp is None else timestamp / 1e6
            at, decode_at = self._timestamps.map(stamp_s, stamp_s, now)
            self.latest = now
            add(self._format, Packet(at, decode_at, data, bool(keyframe)))

    return PacketOutput()


def _capture(camera: Any) -> bytes:
    picture = io.BytesIO()
    try:
        camera.capture_file(picture, format="jpeg")
    except Exception as error:
        raise CameraError(f"the Raspberry Pi camera gives no picture: {error}") from error
    return picture.getvalue()
