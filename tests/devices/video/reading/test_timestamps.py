"""A camera's time stamps on our clock: arrival is the judge of them."""

import pytest

from devices.video.reading.timestamps import TimestampMapper

Stamp = tuple[float | None, float | None, float]


def _map(stamps: list[Stamp]) -> list[tuple[float, float]]:
    mapper = TimestampMapper()
    return [mapper.map(*stamp) for stamp in stamps]


def _mapped(stamps: list[Stamp]) -> list[float]:
    return [round(at, 2) for at, _ in _map(stamps)]


def test_stamps_that_begin_anywhere_are_mapped_to_our_clock():
    """The distance between two pictures is the camera's own, even if one of them comes late."""
    assert _mapped([(7000, 7000, 100), (7000.1, 7000.1, 100.1), (7000.2, 7000.2, 100.5)]) == [
        100,
        100.1,
        100.2,
    ]


def test_a_burst_at_the_beginning_is_put_right():
    """The first packets may have waited in the camera: the fastest one shows what stamps mean."""
    assert _mapped([(0, 0, 100.5), (0.1, 0.1, 100.51), (0.5, 0.5, 100.52)])[-1] == pytest.approx(
        100.52, abs=0.03
    )


def test_a_burst_after_a_stall_is_put_where_it_belongs():
    """The network was held up for two seconds: each picture still shows its own moment."""
    stamps: list[Stamp] = [(place / 10, place / 10, 100 + place / 10) for place in range(20)]
    stamps += [(2 + place / 10, 2 + place / 10, 104 + place / 500) for place in range(20)]
    stamps += [(4 + place / 10, 4 + place / 10, 104.1 + place / 10) for place in range(20)]
    expected = [100 + place / 10 for place in range(40)]
    assert _mapped(stamps)[:40] == pytest.approx(expected, abs=0.02)


def test_a_jump_of_the_cameras_clock_is_followed():
    """Both ways; and the order of decoding only grows."""
    assert _mapped([(0, 0, 10), (500, 500, 10.1), (3, 3, 10.2)]) == [10, 10.1, 10.2]


def test_a_jump_without_a_time_of_decoding_is_followed_too():
    """A picture is not put into the past because one before it was stamped wrongly."""
    assert _mapped([(0, None, 10), (500, None, 10.1), (3, None, 10.2), (3.1, None, 10.3)]) == [
        10,
        10.1,
        10.2,
        10.3,
    ]


def test_a_small_jump_back_is_noticed_within_a_second():
    """Packets that stay late are not late: the clock is wrong."""
    stamps: list[Stamp] = [(place / 10, place / 10, 10 + place / 10) for place in range(20)]
    stamps += [(1.2 + place / 10, None, 12 + place / 10) for place in range(1, 40)]
    assert _mapped(stamps)[-20:] == pytest.approx([now for _, _, now in stamps[-20:]], abs=0.01)


def test_the_wrap_of_a_90_khz_clock_is_followed():
    """After 2^32 ticks it begins with 0 again."""
    wrap_s = 2**32 / 90_000
    stamps = [(stamp, stamp, 10 + place / 10) for place, stamp in enumerate((wrap_s - 0.1, 0, 0.1))]
    assert _mapped(stamps) == [10, 10.1, 10.2]


@pytest.mark.parametrize(
    ("step_s", "arrival_s"),
    [(0.04, 0.2), (0.04, 0.125), (0.04, 1.0), (0.2, 0.04), (0.0995, 0.1), (0.11, 0.1), (0.0, 0.1)],
)
def test_a_clock_at_a_wrong_speed_is_not_believed(step_s: float, arrival_s: float):
    """25 a second where 5 come, slow ones, fast ones, one that stands: then arrival counts."""
    stamps = [(n * step_s, n * step_s, 100 + n * arrival_s) for n in range(1200)]
    for at, (_, _, now) in list(zip(_mapped(stamps), stamps, strict=True))[50:]:
        assert at == pytest.approx(now, abs=0.15)


def test_a_clock_that_stands_is_noticed_at_once():
    """Two pictures cannot have been seen at the same moment."""
    assert _mapped([(5, 5, 10), (5, 5, 10.5), (5, 5, 11)]) == [10, 10.5, 11]
    assert _mapped([(5, 5, 10), (5.0001, 5.0001, 10.5), (5.0002, 5.0002, 11)]) == [10, 10.5, 11]


def test_stamps_are_done_without():
    """Then a picture is seen when it comes; so it is where FFmpeg invents the stamps."""
    assert _mapped([(None, None, 10), (None, None, 10.1)]) == [10, 10.1]
    mapper = TimestampMapper(is_believed=False)
    assert [mapper.map(n / 25, n / 25, 10 + n)[0] for n in range(3)] == [10, 11, 12]


def test_a_picture_shown_later_than_it_is_decoded():
    """With B-frames a picture that is decoded first can be shown after the next one."""
    mapped = _map([(0, -0.1, 10), (0.3, 0, 10.3), (0.1, 0.1, 10.31)])
    assert [round(at, 1) for at, _ in mapped] == [10, 10.3, 10.1]
    assert [decode_at for _, decode_at in mapped] == sorted(decode_at for _, decode_at in mapped)


@pytest.mark.parametrize("has_dts", [False, True], ids=["none", "the same as shown"])
def test_b_frames_without_a_time_of_decoding(*, has_dts: bool):
    """The order in which they are shown is kept, and no picture is shown before it is decoded."""
    order = [place for first in range(0, 60, 3) for place in (first + 2, first, first + 1)]
    shown = [place / 10 for place in order]
    stamps = [(pts, pts if has_dts else None, 100 + place / 10) for place, pts in enumerate(shown)]
    mapped = _map(stamps)[6:]
    at = [at - 100 for at, _ in mapped]
    assert at == pytest.approx([pts + at[0] - shown[6] for pts in shown[6:]], abs=0.01)
    assert all(decode_at <= at for at, decode_at in mapped)
    assert [decode_at for _, decode_at in mapped] == sorted(decode_at for _, decode_at in mapped)


def test_a_variable_rate_is_no_wrong_clock():
    """A camera that sends less in the dark keeps its stamps, late packets and all."""
    now, stamps = 0.0, []
    for place in range(100):
        now += 0.05 if place % 20 else 2.5
        stamps.append((now, now, 100 + now + (0.08 if place % 3 else 0.0)))
    assert _mapped(stamps)[3:] == pytest.approx([100 + pts for pts, _, _ in stamps[3:]], abs=0.02)


def test_a_clock_that_runs_slow_does_not_age_the_picture():
    """A thousandth: after an hour it is still where it belongs."""
    mapper = TimestampMapper()
    at = 0.0
    for second in range(3600):
        at, _ = mapper.map(second * 0.9995, second * 0.9995, 1000.0 + second)
    assert at == pytest.approx(1000.0 + 3599, abs=0.05)
