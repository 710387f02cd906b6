"""The cameras that can be found on this machine, by the names under which they are opened."""

import fcntl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP = _IOR('V', 0, struct v4l2_capability), <linux/videodev2.h>
CAPABILITY = "<16s32s32sIII12x"  # driver, card, bus, version, capabilities, device_caps, reserved
VIDEO_CAPTURE, VIDEO_CAPTURE_MPLANE, DEVICE_CAPS = 0x1, 0x1000, 0x8000_0000
# Parts of the Pi's own camera and video path: what they show is no picture without libcamera.
PARTS = ("unicam", "bcm2835-isp", "bcm2835-codec", "rp1-cfe", "pispbe", "rpi-hevc-dec", "rpivid")


class Found(NamedTuple):
    """A camera.

    Attributes:
        name: For `devices.camera.camera.open_camera`.
        words: What it calls itself.
    """

    name: str
    words: str


def find() -> list[Found]:
    """The Raspberry Pi's camera modules, then all others. None of them is opened for pictures."""
    from devices.camera.picamera import models  # noqa: PLC0415 - 20 MB, and hardware

    known = models()
    ours = [Found("picamera", f"Raspberry Pi camera ({known[0]})")] if known else []
    return ours + list(_video_devices(Path("/dev")))


def card_of(answer: bytes) -> str | None:
    """The name of a device that gives pictures, from its VIDIOC_QUERYCAP; None for one that gives none.

    A webcam has several nodes of which one gives pictures, and a Pi has many that are parts of its video path
    (https://docs.kernel.org/userspace-api/media/v4l/vidioc-querycap.html).
    """
    driver, card, _, _, whole, own = struct.unpack(CAPABILITY, answer)
    able = own if whole & DEVICE_CAPS else whole
    if not able & (VIDEO_CAPTURE | VIDEO_CAPTURE_MPLANE) or _text(driver) in PARTS:
        return None
    return _text(card)


def _video_devices(folder: Path) -> Iterator[Found]:
    for path in sorted(folder.glob("video*"), key=lambda one: (len(one.name), one.name)):
        answer = bytearray(struct.calcsize(CAPABILITY))
        try:
            with path.open("rb", buffering=0) as device:
                fcntl.ioctl(device, QUERYCAP, answer)
        except OSError:
            continue  # no V4L2 device, or not ours to open
        if card := card_of(bytes(answer)):
            yield Found(str(path), f"{path}: {card}")


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(errors="replace")
