"""Pictures in another size, without threads of their own."""

from pathlib import Path
from typing import Any

import av

from devices.video.scaler import JPEG_FORMAT, Scaler

TASKS = Path("/proc/self/task")


def test_a_picture_is_scaled_in_the_thread_that_asks() -> None:
    frame: Any = av.VideoFrame(1280, 720, "yuv420p")
    scaler = Scaler()
    before = set(TASKS.iterdir())

    picture = scaler.scale(frame, 640, 360, JPEG_FORMAT)

    assert (picture.width, picture.height, picture.format.name) == (640, 360, JPEG_FORMAT)
    assert set(TASKS.iterdir()) <= before


def test_what_is_right_already_is_not_copied() -> None:
    frame: Any = av.VideoFrame(64, 48, JPEG_FORMAT)

    assert Scaler().scale(frame, 64, 48, JPEG_FORMAT) is frame
