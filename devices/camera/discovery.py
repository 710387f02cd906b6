"""Finds the cameras of this machine, with the names under which they can be opened."""

import fcntl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP = _IOR('V', 0, struct v4l2_capability), linux/videodev2.h
CAPABILITY = "<16s32s32sIII12x"  # driver, card, bus, version, capabilities, device_caps, reserved
VIDEO_CAPTURE = 0x1
VIDEO_CAPTURE_MPLANE = 0x1000
DEVICE_CAPS = 0x8000_0000
# Parts of the Pi's own camera and video path, which give no picture without libcamera.
PARTS = ("unicam", "bcm2835-isp", "bcm2835-codec", "rp1-cfe", "pispbe", "rpi-hevc-dec", "rpivid")


class FoundCamera(NamedTuple):
    """A camera that was found.

    Attributes:
        name: Its name for `open_camera`.
        words: A description for people.
    """

    name: str
    words: str


def find_cameras() -> list[FoundCamera]:
    """Find the Raspberry Pi's camera modules, and then all others. None of them is opened."""
    # picamera2 is hardware, and PyAV takes 20 MB.
    from devices.camera.picamera import list_modules  # noqa: PLC0415

    found = []
    modules = list_modules()
    if modules:
        found.append(FoundCamera("picamera", f"Raspberry Pi camera ({modules[0]})"))
    return found + list(_video_devices(Path("/dev")))


def card_of(answer: bytes) -> str | None:
    """The name of a device, if it gives pictures.

    A webcam has several nodes of which one gives pictures, and a Pi has many that are parts of its
    video path (https://docs.kernel.org/userspace-api/media/v4l/vidioc-querycap.html).

    Args:
        answer: The answer to VIDIOC_QUERYCAP, a `struct v4l2_capability`.

    Returns:
        The card's name; None if this node gives no pictures.
    """
    driver, card, _, _, all_nodes, this_node = struct.unpack(CAPABILITY, answer)
    capabilities = this_node if all_nodes & DEVICE_CAPS else all_nodes
    if not capabilities & (VIDEO_CAPTURE | VIDEO_CAPTURE_MPLANE) or _text(driver) in PARTS:
        return None
    return _text(card)


def _video_devices(folder: Path) -> Iterator[FoundCamera]:
    for path in sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name)):
        answer = bytearray(struct.calcsize(CAPABILITY))
        try:
            with path.open("rb", buffering=0) as device:
                fcntl.ioctl(device, QUERYCAP, answer)
        except OSError:
            continue  # no V4L2 device, or we may not open it
        if card := card_of(bytes(answer)):
            yield FoundCamera(str(path), f"{path}: {card}")


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(errors="replace")
