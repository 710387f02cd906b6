"""The one place where a decoder is made for packets that are kept."""

from typing import Any

import av

from devices.video.packet import StreamFormat


def open_decoder(stream_format: StreamFormat) -> Any:
    """Make a decoder of PyAV for packets of this format.

    Its threads work on slices of one picture. Those that work on a picture each (FFmpeg's thread
    types FRAME and AUTO) go on after an error, and need Python's lock to free their packets. The
    thread that frees the decoder holds that lock while it waits for them, for ever.
    """
    decoder: Any = av.CodecContext.create(stream_format.codec, "r")
    decoder.extradata = stream_format.extradata or None
    decoder.thread_type = "SLICE"
    return decoder
