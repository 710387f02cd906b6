"""The boxes of a fragmented MP4 with one track of H.264 (ISO 14496-12)."""

from collections.abc import Sequence
from typing import NamedTuple

from devices.video.packets.packet import CLOCK, StreamFormat
from devices.video.upright import matrix_of

TRACK = 1
RATE = CLOCK.denominator  # ticks a second
SYNC = 0x0200_0000  # sample_flags (8.8.3.1): it depends on no other
NO_SYNC = 0x0101_0000
TFHD_BASE_IS_MOOF = 0x02_0000
TRUN_FLAGS = 0x1 | 0x100 | 0x200 | 0x400 | 0x800  # offset; duration, size, flags, composition
TRUN_HEAD_BYTES = 20
SAMPLE_BYTES = 16
DATA_AT = 8 + 16 + 8 + 16 + 20 + TRUN_HEAD_BYTES + 8  # of a fragment without samples


class Sample(NamedTuple):
    """A picture in a fragment; times in ticks.

    Attributes:
        data: Its units, each with its length.
        duration: Until the next one is decoded.
        shown_later: From when it is decoded to when it is shown.
        is_key: Whether decoding can begin here.
    """

    data: bytes
    duration: int
    shown_later: int
    is_key: bool


def head(stream_format: StreamFormat, record: bytes, turn: int = 0) -> bytes:
    """What a player has to get first: file type and film, which has no end.

    Args:
        stream_format: The format of the pictures.
        record: What `decoder_record` gave.
        turn: By how many degrees players have to turn it to the right.
    """
    width, height = stream_format.width, stream_format.height
    shape = stream_format.shape
    matrix = matrix_of(turn, width, height)
    shown = _u32(round(width * shape * 0x10000)) + _u32(height * 0x10000)
    pixels = _box(b"pasp", _u32(shape.numerator), _u32(shape.denominator))
    entry = _box(
        b"avc1",
        bytes(6) + _u16(1) + bytes(16) + _u16(width) + _u16(height),
        _u32(0x48_0000) * 2 + bytes(4) + _u16(1) + bytes(32) + _u16(24) + b"\xff\xff",
        _box(b"avcC", record) + pixels,
    )
    tables = _box(
        b"stbl",
        _full(b"stsd", 0, _u32(1) + entry),
        *(_full(kind, 0, bytes(4)) for kind in (b"stts", b"stsc")),
        _full(b"stsz", 0, bytes(8)),
        _full(b"stco", 0, bytes(4)),
    )
    here = _box(b"dinf", _full(b"dref", 0, _u32(1) + _full(b"url ", 1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, bytes(8) + _u32(RATE) + bytes(4) + _u16(0x55C4) + bytes(2)),
        _full(b"hdlr", 0, bytes(4) + b"vide" + bytes(12) + b"live\0"),
        _box(b"minf", _full(b"vmhd", 1, bytes(8)) + here + tables),
    )
    track = _full(b"tkhd", 3, bytes(8) + _u32(TRACK) + bytes(24) + matrix + shown)
    upright = matrix_of(0, 0, 0)
    film = _u32(RATE) + bytes(4) + _u32(0x10000) + _u16(0x100) + bytes(10) + upright
    return _box(b"ftyp", b"iso5" + _u32(512) + b"iso5iso6avc1mp41") + _box(
        b"moov",
        _full(b"mvhd", 0, bytes(8) + film + bytes(24) + _u32(TRACK + 1)),
        _box(b"trak", track + media),
        _box(b"mvex", _full(b"trex", 0, _u32(TRACK) + _u32(1) + bytes(12))),
    )


def fragment(number: int, begins_at: int, samples: Sequence[Sample]) -> bytes:
    """Some pictures, which a player can show as soon as it has them.

    Args:
        number: Of the fragment, from 1 on.
        begins_at: When the first one is decoded, in ticks.
        samples: The pictures.
    """
    run = _u32(len(samples)) + _u32(DATA_AT + SAMPLE_BYTES * len(samples))
    for sample in samples:
        flags = SYNC if sample.is_key else NO_SYNC
        run += _u32(sample.duration) + _u32(len(sample.data)) + _u32(flags)
        run += _u32(sample.shown_later)
    track = _box(
        b"traf",
        _full(b"tfhd", TFHD_BASE_IS_MOOF, _u32(TRACK)),
        _full(b"tfdt", 1 << 24, begins_at.to_bytes(8, "big")),
        _full(b"trun", 1 << 24 | TRUN_FLAGS, run),
    )
    films = _box(b"moof", _full(b"mfhd", 0, _u32(number)) + track)
    return films + _box(b"mdat", *(sample.data for sample in samples))


def _box(kind: bytes, *parts: bytes) -> bytes:
    return b"".join((_u32(8 + sum(map(len, parts))), kind, *parts))


def _full(kind: bytes, version_and_flags: int, body: bytes = b"") -> bytes:
    return _box(kind, _u32(version_and_flags), body)


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "big")
