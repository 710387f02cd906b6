"""Notices that a camera changes the size of its pictures within one connection."""

import logging
from collections.abc import Callable
from dataclasses import replace

import av

from devices.video.live.nal_units import SPS, TYPE_MASK, is_avcc, units_of
from devices.video.packets.packet import StreamFormat, format_of_annex_b

log = logging.getLogger(__name__)
HEVC_SPS = 33  # ITU-T H.265, table 7-1
IS_SPS: dict[str, Callable[[bytes], bool]] = {
    "h264": lambda unit: unit[0] & TYPE_MASK == SPS,
    "hevc": lambda unit: unit[0] >> 1 & 0x3F == HEVC_SPS,
}


class FormatWatch:
    """Compares the parameter sets (SPS) of each key frame with those of the one before.

    FFmpeg says the format of a stream once, when it is opened. Of a film on the disk in MP4 or FLV,
    whose parameter sets are not among the packets, no change is noticed.

    Args:
        stream_format: The format when the connection began.
    """

    def __init__(self, stream_format: StreamFormat) -> None:
        is_within = not has_record(stream_format)
        self._is_sps = IS_SPS.get(stream_format.codec) if is_within else None
        self._sets = self._sets_in(stream_format.extradata)

    def format_at(self, key_frame: bytes, known: StreamFormat) -> StreamFormat:
        """The format from a key frame on.

        Args:
            key_frame: Its bytes.
            known: The format before it. It stays if the size is the same and its parameter sets are
                known, or if the key frame is damaged.
        """
        sets = self._sets_in(key_frame)
        if not sets or sets == self._sets:
            return known
        try:
            found = format_of_annex_b(known.codec, key_frame)
        except (av.FFmpegError, ValueError, IndexError):
            return known
        self._sets = sets
        size = (found.width, found.height)
        is_other = size != (known.width, known.height)
        if not all(size) or (known.extradata and not is_other):
            return known
        if is_other:
            log.info("the camera's pictures are %d x %d from now on", *size)
        return replace(found, turn=known.turn)

    def _sets_in(self, data: bytes) -> list[bytes]:
        is_sps = self._is_sps
        return [unit for unit in units_of(data) if unit and is_sps(unit)] if is_sps else []


def has_record(stream_format: StreamFormat) -> bool:
    """Whether the parameter sets are beside the packets, as in MP4 and FLV."""
    return stream_format.codec in IS_SPS and is_avcc(stream_format.extradata)
