"""The live MP4: the camera's own bits, gapless, one fragment for what came."""

import io
import struct
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from devices.video import Packet, StreamFormat
from devices.video.live.live_mp4 import LiveMp4
from devices.video.live.nal_units import decoder_record, is_avcc, units_of
from devices.video.packets.packet import format_of_annex_b, format_of_stream
from devices.video.recorded import NoCopyError
from tests.devices.film import RATE, SIZE, make_film, numbers_in

GROUP = 5


@pytest.fixture
def film(tmp_path):
    """A film of two seconds with B-frames, as it lies in an MP4: its format and its packets."""
    path = make_film(tmp_path / "film.mp4", "libx264", 2, GROUP)
    with av.open(str(path)) as movie:
        stream = movie.streams.video[0]
        stream_format = format_of_stream(stream)
        packets = [
            Packet(
                float(one.pts * one.time_base), float(one.dts * one.time_base), bytes(one),
                one.is_keyframe,
            )
            for one in movie.demux(stream) if one.size
        ]  # fmt: skip
    return stream_format, packets


@pytest.fixture
def bare_film(tmp_path):
    """The same as most cameras send it: units between start codes, parameter sets in between."""
    path = make_film(tmp_path / "film.h264", "libx264", 2, GROUP)
    with av.open(str(path)) as movie:
        packets = [bytes(one) for one in movie.demux(video=0) if one.size]
        stream = movie.streams.video[0]
        keys = [bool(one and 5 in {unit[0] & 0x1F for unit in units_of(one)}) for one in packets]
        stream_format = replace(format_of_stream(stream), extradata=b"")
    return stream_format, [
        Packet(number / RATE, number / RATE, data, is_key)
        for number, (data, is_key) in enumerate(zip(packets, keys, strict=True))
    ]


def _played(tmp_path, mp4: LiveMp4, *groups):
    """What a player has after these fragments: a file."""
    path = tmp_path / "live.mp4"
    path.write_bytes(mp4.head + b"".join(map(mp4.fragment, groups)))
    return path


def _times(path):
    with av.open(str(path)) as movie:
        return [(one.dts, one.duration) for one in movie.demux(video=0) if one.size]


def test_all_pictures_are_there_in_their_order(film, tmp_path):
    """A first fragment for what was before, and one for each packet that comes."""
    stream_format, packets = film
    mp4 = LiveMp4(stream_format, packets[0])
    path = _played(tmp_path, mp4, packets[:GROUP], *([one] for one in packets[GROUP:]))
    assert numbers_in(path) == list(range(2 * RATE))


def test_start_codes_become_lengths(bare_film, tmp_path):
    """What the camera does not say beforehand is taken from its key frame."""
    stream_format, packets = bare_film
    mp4 = LiveMp4(stream_format, packets[0])
    path = _played(tmp_path, mp4, *([one] for one in packets))
    assert sorted(numbers_in(path)) == list(range(2 * RATE))
    with av.open(str(path)) as movie:
        context = movie.streams.video[0].codec_context
        assert (context.width, context.height) == SIZE
        assert is_avcc(bytes(context.extradata))


def test_the_codec_is_named_with_profile_and_level(bare_film):
    """Browsers ask for it before they take a byte; it is that of the camera's parameter sets."""
    stream_format, packets = bare_film
    record = decoder_record(stream_format.extradata, packets[0].data)
    assert LiveMp4(stream_format, packets[0]).codec == f"avc1.{record[1]:02x}{record[2]:02x}" + (
        f"{record[3]:02x}"
    )


def test_h264_without_parameter_sets_is_not_copied():
    """Without them no decoder can begin."""
    empty = StreamFormat("h264", b"", *SIZE)
    with pytest.raises(NoCopyError, match="has no parameter sets"):
        LiveMp4(empty, Packet(0, 0, b"\0\0\1\x65abc", is_key=True))


@pytest.mark.parametrize("jitter_s", [0.0, 0.03, 0.06])
def test_each_picture_begins_where_the_one_before_ends(film, tmp_path, jitter_s):
    """A gap would make a browser wait for the next key frame, however unsteady the camera is."""
    stream_format, packets = film
    late = [
        one._replace(decode_at=one.decode_at + jitter_s * (number % 3 == 1), at=one.at + jitter_s)
        for number, one in enumerate(packets)
    ]
    mp4 = LiveMp4(stream_format, late[0])
    times = _times(_played(tmp_path, mp4, *([one] for one in late)))
    assert all(at + lasts == after for (at, lasts), (after, _) in pairwise(times))
    assert times[-1][0] / 90_000 == pytest.approx(late[-1].decode_at - late[0].decode_at, abs=0.1)


def test_after_left_out_pictures_time_has_passed(film, tmp_path):
    """A viewer that missed some seconds goes on at the next key frame, at its time."""
    stream_format, packets = film
    key = next(one for one in packets[1:] if one.is_key)
    later = key._replace(at=key.at + 60, decode_at=key.decode_at + 60)
    mp4 = LiveMp4(stream_format, packets[0])
    times = _times(_played(tmp_path, mp4, packets[:GROUP], [later]))
    gone_s = later.decode_at - packets[0].decode_at
    assert times[-1][0] / 90_000 == pytest.approx(gone_s, abs=0.001)
    assert times[-1][1] < 90_000


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_players_turn_it(film, tmp_path, turn):
    """Nothing is encoded again for that."""
    stream_format, packets = film
    path = _played(tmp_path, LiveMp4(stream_format, packets[0], turn), packets)
    with av.open(str(path)) as movie:
        frame = next(movie.decode(video=0))
        assert -frame.rotation % 360 == turn


def test_its_pixels_need_not_be_square(film, tmp_path):
    """Where the camera's H.264 does not say so the MP4 does."""
    stream_format, packets = film
    wide = replace(stream_format, shape=Fraction(16, 11))
    path = _played(tmp_path, LiveMp4(wide, packets[0]), packets)
    with av.open(str(path)) as movie:
        assert movie.streams.video[0].sample_aspect_ratio == Fraction(16, 11)


def test_a_fragment_is_little_more_than_its_pictures(film):
    """Boxes around one picture take a hundred bytes and some."""
    stream_format, packets = film
    mp4 = LiveMp4(stream_format, packets[0])
    one = mp4.fragment(packets[:1])
    assert len(one) - len(packets[0].data) < 140
    size, kind = struct.unpack(">I4s", one[:8])
    assert (kind, one[size + 4 : size + 8]) == (b"moof", b"mdat")


def test_a_bare_key_frame_says_its_format():
    """A camera module's stream has no head: the first key frame is enough."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"profile": "high"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame(64, 64, "yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = buffer.getvalue()
    mp4 = LiveMp4(format_of_annex_b("h264", data), Packet(0, 0, data, is_key=True))
    assert mp4.codec.startswith("avc1.64")
