"""H.264 and H.265 of FLV and MP4 as other cameras send them: with start codes (annex B)."""

from devices.video.live.nal_units import START

AVC_SETS = 5  # bytes of an AVCDecoderConfigurationRecord before its parameter sets (ISO 14496-15)
HEVC_ARRAYS = 22  # bytes of an HEVCDecoderConfigurationRecord before its arrays (the same, 8.3.3.1)
LENGTH_AT = {"h264": 4, "hevc": 21}  # where the record says how many bytes a length has


class AnnexB:
    """Converts packets, and puts the parameter sets before each key frame.

    FLV and MP4 have these sets beside the packets. So FFmpeg says a new one beside a packet, too.

    Args:
        codec: `h264` or `hevc`.
        record: What a decoder has to know first, as FLV and MP4 have it.
    """

    def __init__(self, codec: str, record: bytes) -> None:
        self._codec = codec
        self._length_bytes = 4
        self._sets = b""
        self.note(record)

    def note(self, record: bytes) -> None:
        """Take the parameter sets of another record from now on."""
        if len(record) <= LENGTH_AT[self._codec]:
            return
        self._length_bytes = (record[LENGTH_AT[self._codec]] & 3) + 1
        self._sets = b"".join(START + unit for unit in _sets_in(self._codec, record))

    def converted(self, data: bytes, *, is_key: bool) -> bytes:
        """The packet with start codes; as it is if its lengths are none.

        Padding behind the last unit is left out: it is too short for another length.
        """
        units: list[bytes] = []
        place = 0
        while len(data) - place >= self._length_bytes:
            begin = place + self._length_bytes
            place = begin + int.from_bytes(data[place:begin], "big")
            units.append(data[begin:place])
        if place > len(data) or not units:
            return data
        return (self._sets if is_key else b"") + b"".join(START + unit for unit in units)


def _sets_in(codec: str, record: bytes) -> list[bytes]:
    """The parameter sets of a record, by its order."""
    sets: list[bytes] = []
    if codec == "h264":
        place = AVC_SETS
        for mask in (0x1F, 0xFF):  # sequences, pictures
            count = int.from_bytes(record[place : place + 1], "big") & mask
            place = _take(record, place + 1, count, sets)
        return sets
    place = HEVC_ARRAYS + 1
    for _ in range(int.from_bytes(record[HEVC_ARRAYS:place], "big")):
        count = int.from_bytes(record[place + 1 : place + 3], "big")
        place = _take(record, place + 3, count, sets)
    return sets


def _take(record: bytes, place: int, count: int, sets: list[bytes]) -> int:
    """Add so many sets, each behind its length, and say where the last one ends."""
    for _ in range(count):
        begin = place + 2
        place = begin + int.from_bytes(record[place:begin], "big")
        if place > len(record):
            break
        sets.append(record[begin:place])
    return place
