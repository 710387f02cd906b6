"""Which cameras are found: the answer of V4L2 decides."""

import struct
import sys
from types import ModuleType

import pytest

from devices.camera import discovery, find_cameras
from devices.camera.picamera import list_modules

CAPTURE, MPLANE, M2M, META, DEVICE_CAPS = 0x1, 0x1000, 0x4000, 0x0080_0000, 0x8000_0000


def _answer(driver: str, card: str, whole: int, own: int) -> bytes:
    """A `struct v4l2_capability` as the kernel fills it."""
    return struct.pack(
        discovery.CAPABILITY,
        driver.encode(),
        card.encode(),
        b"usb-1",
        0x60600,
        whole | DEVICE_CAPS,
        own,
    )


@pytest.mark.parametrize(
    ("answer", "card"),
    [
        (_answer("uvcvideo", "HD Webcam C525", CAPTURE | META, CAPTURE), "HD Webcam C525"),
        (_answer("uvcvideo", "HD Webcam C525", CAPTURE | META, META), None),
        (_answer("bm2835 mmal", "mmal service 16.1", CAPTURE, CAPTURE), "mmal service 16.1"),
        (_answer("bcm2835-codec", "bcm2835-codec-decode", M2M, M2M), None),
        (_answer("bcm2835-isp", "bcm2835-isp", CAPTURE, CAPTURE), None),
        (_answer("rp1-cfe", "rp1-cfe", CAPTURE, CAPTURE), None),
        (_answer("tw9910", "A grabber", MPLANE, MPLANE), "A grabber"),
    ],
    ids=[
        "webcam",
        "its metadata",
        "legacy camera",
        "decoder",
        "isp",
        "sensor of a Pi 5",
        "grabber",
    ],
)
def test_a_device_is_a_camera_when_it_gives_pictures(answer: bytes, card: str | None):
    """The node itself gives pictures, and is no part of the Pi's video path."""
    assert len(answer) == 104  # <linux/videodev2.h>
    assert discovery.card_of(answer) == card


def test_a_file_that_is_no_device_is_passed_over(tmp_path):
    """Whatever it is called."""
    (tmp_path / "video0").write_bytes(b"")
    assert list(discovery._video_devices(tmp_path)) == []


def test_the_pis_own_modules_come_first(monkeypatch):
    """Under the name by which they are opened; more than one is one, as only the first is used."""
    library = ModuleType("picamera2")
    library.Picamera2 = type(
        "Picamera2",
        (),
        {"global_camera_info": staticmethod(lambda: [{"Model": "imx708"}, {"Model": "ov5647"}])},
    )
    monkeypatch.setitem(sys.modules, "picamera2", library)
    assert list_modules() == ["imx708", "ov5647"]
    assert find_cameras()[0] == ("picamera", "Raspberry Pi camera (imx708)")


def test_a_library_that_fails_is_no_camera(monkeypatch):
    """The binding of libcamera may raise anything."""
    library = ModuleType("picamera2")

    def fail():
        raise RuntimeError("no libcamera")

    library.Picamera2 = type("Picamera2", (), {"global_camera_info": staticmethod(fail)})
    monkeypatch.setitem(sys.modules, "picamera2", library)
    assert list_modules() == []
