"""Pictures in another size or pixel format."""

from typing import Any

import av
from av.video.reformatter import VideoReformatter

JPEG_FORMAT = "yuvj420p"  # FFmpeg's names of pixel formats
FILM_FORMAT = "yuv420p"

# PyAV from 17 on would start threads for each picture, which take longer than the work itself:
# 1.7 ms of processor for 640 x 480 pixels on two cores, in place of 0.5.
FIRST_WITH_THREADS = 17
HERE: dict[str, int] = (
    {"threads": 1} if int(av.__version__.split(".")[0]) >= FIRST_WITH_THREADS else {}
)


class Scaler:
    """Changes the size and the format of pictures, in the thread that asks for it.

    It keeps what it has computed for the last sizes and formats, so one for all pictures of a
    stream is quicker than one for each. One thread at a time may use it.
    """

    def __init__(self) -> None:
        self._reformatter: Any = VideoReformatter()

    def scale(self, frame: Any, width: int, height: int, pixel_format: str) -> Any:
        """Change a frame of PyAV's.

        Args:
            frame: The frame.
            width: In pixels.
            height: In pixels.
            pixel_format: FFmpeg's name of the format, as `yuvj420p`.

        Returns:
            A new frame, or the same one if it is like that already.
        """
        return self._reformatter.reformat(frame, width, height, pixel_format, **HERE)
