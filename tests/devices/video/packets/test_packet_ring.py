"""The ring covers its seconds from a key frame on, and never holds more bytes than it may."""

from hypothesis import given
from hypothesis import strategies as st

from devices.video import Packet
from devices.video.packets.packet_ring import CALM_S, PacketRing


def _packet(at: float, *, is_key: bool = False, size: int = 10) -> Packet:
    return Packet(at, at, bytes(size), is_key)


def _ring(
    seconds: float = 3, max_bytes: int = 1000, *, packets: int = 40, group: int = 4
) -> PacketRing:
    ring = PacketRing(seconds, max_bytes)
    for number in range(packets):
        ring.add(_packet(number * 0.5, is_key=number % group == 0))
    return ring


def test_it_covers_its_seconds_from_a_key_frame_on():
    """At most a group more than it needs."""
    kept = _ring().since(0)
    assert kept[0].is_key
    assert kept[0].at <= 19.5 - 3
    assert kept[4].at > 19.5 - 3


def test_what_comes_before_the_first_key_frame_is_no_use():
    """Nobody could decode it."""
    ring = PacketRing(3, 1000)
    ring.add(_packet(1))
    assert (ring.since(0), ring.newest(), ring.bytes, ring.moment(1)) == ([], None, 0, [])


def test_a_clip_begins_at_the_last_key_frame_before():
    """Or with the first that there is."""
    ring = _ring()
    assert [ring.since(at)[0].at for at in (17.9, 18.0, 0)] == [16, 18, 16]


def test_a_moment_is_decoded_from_its_key_frame_on():
    """Where the next key frame is nearer, from that on."""
    ring = _ring()
    assert [ring.moment(at)[0].at for at in (17.1, 17.7, 17.9, 99, 0)] == [16, 16, 18, 18, 16]
    assert [packet.at for packet in ring.moment(17.9)] == [18, 18.5, 19, 19.5]


def test_of_what_is_too_early_nothing_is_taken():
    """The nearest of the others is: with one picture a second the next one shows the moment."""
    ring = PacketRing(3, 1000)
    for at in range(10, 15):
        ring.add(_packet(at, is_key=at % 2 == 0))
    assert [packet.at for packet in ring.moment(12.4, 12.15)] == [12, 13, 14]
    assert [packet.at for packet in ring.moment(13.4, 13.15)] == [14]
    assert [packet.at for packet in ring.moment(12.1, 11.85)] == [12, 13, 14]
    assert ring.moment(14.4, 14.15) == []


def test_a_clip_does_not_begin_before_the_camera_was_away():
    """It would stand still for as long as that lasted."""
    ring = _ring()
    ring.add(_packet(60, is_key=True))
    assert [packet.at for packet in ring.since(58)] == [60]
    assert ring.since(70) == []


def test_a_group_too_large_is_not_kept():
    """And the next one is, if it fits."""
    ring = PacketRing(3, 25)
    for at in (0, 1, 2):
        ring.add(_packet(at, is_key=at == 0))
    assert (ring.bytes, ring.newest(), ring.is_too_small) == (0, None, True)
    ring.add(_packet(3))
    assert (ring.is_empty, ring.group_s) == (True, 3), "its end is waited for"
    ring.add(_packet(4, is_key=True))
    assert [packet.at for packet in ring.since(0)] == [4]
    assert (ring.group_s, ring.is_too_small) == (0, True), "it may become as large again"
    ring.add(_packet(CALM_S, is_key=True))
    assert ring.is_too_small
    ring.add(_packet(3 + CALM_S, is_key=True))
    assert not ring.is_too_small


@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=80),
    st.integers(1, 600),
    st.integers(0, 9),
)
def test_whatever_comes_it_is_bounded_and_begins_with_a_key_frame(packets, max_bytes, seconds):
    """And it knows how much it holds."""
    ring = PacketRing(seconds, max_bytes)
    for at, (size, is_key) in enumerate(packets):
        ring.add(_packet(at, is_key=is_key, size=size))
        kept = ring.since(-1)
        assert ring.bytes == sum(len(packet.data) for packet in kept) <= max_bytes
        assert not kept or kept[0].is_key
