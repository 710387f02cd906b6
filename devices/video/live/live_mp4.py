"""A fragmented MP4 without an end, one fragment for what came meanwhile."""

from collections.abc import Sequence

from devices.video.live import boxes
from devices.video.live.nal_units import codec_of, decoder_record, is_avcc, with_lengths
from devices.video.packets.packet import CLOCK, Packet, StreamFormat

USUAL_S = 1 / 15  # the distance of two pictures, as long as it is not known
JUMP_S = 1.0


class LiveMp4:
    """Copies packets into fragments. Nothing is decoded, and no packet waits for the next one.

    FFmpeg's muxer writes a picture when the next one comes, because it wants to know how long it is
    shown. Here that is guessed. The next picture begins where this one ends, and the error goes
    into its own duration: a gap would make browsers wait for the next key frame (Media Source
    Extensions, 3.5.8).

    Args:
        stream_format: The format of the packets, which is H.264.
        first: The first packet, a key frame.
        turn: By how many degrees players have to turn it to the right.

    Attributes:
        codec: Its name for browsers.
        head: What a player has to get first.

    Raises:
        NoCopyError: The camera's H.264 does not say what a decoder has to know.
    """

    def __init__(self, stream_format: StreamFormat, first: Packet, turn: int = 0) -> None:
        record = decoder_record(stream_format.extradata, first.data)
        self.codec = codec_of(record)
        self.head = boxes.head(stream_format, record, turn)
        self._has_lengths = is_avcc(stream_format.extradata)
        self._zero = first.decode_at
        self._number = 0
        self._next = 0
        self._usual = _ticks(USUAL_S)
        self._last_decode_at = first.decode_at

    def fragment(self, packets: Sequence[Packet]) -> bytes:
        """Put packets, of which there is at least one, into a fragment."""
        self._number += 1
        first = packets[0]
        at = _ticks(first.decode_at - self._zero)
        if first.is_key and at - self._next > _ticks(JUMP_S):
            self._next = at  # some were left out
        begins_at = self._next
        samples = [self._sample(packet) for packet in packets]
        return boxes.fragment(self._number, begins_at, samples)

    def _sample(self, packet: Packet) -> boxes.Sample:
        distance = _ticks(packet.decode_at - self._last_decode_at)
        self._last_decode_at = packet.decode_at
        if 0 < distance < _ticks(JUMP_S):
            self._usual += (distance - self._usual) // 4
        late = _ticks(packet.decode_at - self._zero) - self._next
        duration = max(1, self._usual + late)
        self._next += duration
        data = packet.data if self._has_lengths else with_lengths(packet.data)
        shown_later = _ticks(packet.at - packet.decode_at)
        return boxes.Sample(data, duration, shown_later, packet.is_key)


def _ticks(seconds: float) -> int:
    return round(seconds / CLOCK)
