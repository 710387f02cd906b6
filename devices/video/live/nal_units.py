"""H.264 as cameras send it (ITU-T H.264, annex B), and as MP4 wants it (ISO 14496-15)."""

from devices.video.recorded import NoCopyError

START = b"\0\0\1"
SPS = 7  # NAL unit types: the parameter sets of a sequence and of a picture
PPS = 8
TYPE_MASK = 0x1F
LENGTH_BYTES = 4
# These profiles say the sampling and the depth, too: 4:2:0 with 8 bits is all that browsers show.
HIGH_PROFILES = (100, 110, 122, 144)
SAMPLING_AND_DEPTH = bytes([0xFC | 1, 0xF8, 0xF8, 0])


def is_avcc(extradata: bytes) -> bool:
    """Whether this is the record that MP4 has, so that each unit begins with its length."""
    return extradata[:1] == b"\1"


def units_of(data: bytes) -> list[bytes]:
    """The NAL units between start codes. None of them ends with a zero (annex B.1)."""
    return [unit.rstrip(b"\0") for unit in data.split(START)[1:]]


def with_lengths(data: bytes) -> bytes:
    """The same units, each with its length in place of a start code."""
    parts: list[bytes] = []
    for unit in units_of(data):
        parts += (len(unit).to_bytes(LENGTH_BYTES, "big"), unit)
    return b"".join(parts)


def decoder_record(extradata: bytes, key_frame: bytes) -> bytes:
    """What a decoder has to know first: the AVCDecoderConfigurationRecord (5.3.3.1).

    Args:
        extradata: That record, or the parameter sets between start codes, or nothing.
        key_frame: The first packet, which has the parameter sets where `extradata` has none.

    Raises:
        NoCopyError: There are no parameter sets.
    """
    if is_avcc(extradata):
        return extradata
    for data in (extradata, key_frame):
        units = units_of(data)
        sequence = _of_type(units, SPS)
        picture = _of_type(units, PPS)
        if sequence and picture:
            return _record(sequence, picture)
    raise NoCopyError("the camera's H.264 has no parameter sets")


def codec_of(record: bytes) -> str:
    """The name of the codec with profile and level, as browsers want it (RFC 6381, 3.3)."""
    return f"avc1.{record[1:4].hex()}"


def _of_type(units: list[bytes], kind: int) -> list[bytes]:
    found = [unit for unit in units if unit and unit[0] & TYPE_MASK == kind]
    return list(dict.fromkeys(found))


def _record(sequence: list[bytes], picture: list[bytes]) -> bytes:
    profile = sequence[0][1:4]  # with its constraints and its level
    head = bytes([1]) + profile + bytes([0xFC | LENGTH_BYTES - 1, 0xE0 | len(sequence)])
    record = head + _sized(sequence) + bytes([len(picture)]) + _sized(picture)
    return record + SAMPLING_AND_DEPTH if profile[0] in HIGH_PROFILES else record


def _sized(units: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
