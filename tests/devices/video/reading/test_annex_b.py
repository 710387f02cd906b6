"""H.264 and H.265 out of MP4 and FLV, in the form in which other cameras send them."""

import random
from pathlib import Path

import av
import pytest

from devices.video.packets.packet import format_of_annex_b
from devices.video.reading.annex_b import AnnexB
from tests.devices.film import SIZE, make_film


def _first(path: Path) -> tuple[str, bytes, bytes]:
    """The codec of a film, what a decoder has to know first, and its first packet."""
    with av.open(str(path)) as film:
        context = film.streams.video[0].codec_context
        return context.codec.name, bytes(context.extradata), bytes(next(film.demux(video=0)))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_key_frame_says_all_that_a_decoder_needs(tmp_path: Path, codec: str):
    """The size among it; a packet that is none says nothing of that."""
    name, record, packet = _first(make_film(tmp_path / "film.mp4", codec, 1))
    annex_b = AnnexB(name, record)
    key_frame = annex_b.converted(packet, is_key=True)
    found = format_of_annex_b(name, key_frame)
    assert (found.width, found.height) == SIZE
    assert key_frame.endswith(annex_b.converted(packet, is_key=False))
    assert len(key_frame) > len(packet)


def test_what_has_no_lengths_stays_as_it_is(tmp_path: Path):
    """Damaged, or sent with start codes whatever the film says: the decoder is the judge."""
    name, record, packet = _first(make_film(tmp_path / "film.mp4", "libx264", 1))
    annex_b = AnnexB(name, record)
    for data in (packet[:-1], b"\0\0\0\1\x65\x88\x80\x10\xff", b"\0", b""):
        assert annex_b.converted(data, is_key=True) == data


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_padding_behind_the_last_unit_is_left_out(tmp_path: Path, codec: str):
    """FFmpeg's decoders pass over it, too; with it the packet had no start codes."""
    name, record, packet = _first(make_film(tmp_path / "film.mp4", codec, 1))
    annex_b = AnnexB(name, record)
    for padding in (b"\0", b"\0\0", b"\0\0\0"):
        padded = annex_b.converted(packet + padding, is_key=True)
        assert padded == annex_b.converted(packet, is_key=True)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_damaged_record_is_no_fault(tmp_path: Path, codec: str):
    """Cut off anywhere, or with any byte wrong."""
    name, record, packet = _first(make_film(tmp_path / "film.mp4", codec, 1))
    annex_b = AnnexB(name, record)
    dice = random.Random(1)
    for _ in range(300):
        damaged = bytearray(record[: dice.randrange(len(record))])
        if damaged:
            damaged[dice.randrange(len(damaged))] = dice.choice([0, 0xFF])
        annex_b.note(bytes(damaged))
        annex_b.converted(packet, is_key=True)
        AnnexB(name, bytes(damaged)).converted(packet, is_key=True)
