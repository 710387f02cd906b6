"""A camera's time stamps on our clock."""

import pytest

from devices.video.timestamps import TimestampMapper


def _mapped(stamps: list[tuple[float | None, float | None, float]]) -> list[float]:
    mapper = TimestampMapper()
    return [round(mapper.map(pts, dts, now)[0], 2) for pts, dts, now in stamps]


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


def test_a_jump_of_the_cameras_clock_is_followed():
    """Both ways; and the order of decoding only grows."""
    assert _mapped([(0, 0, 10), (500, 500, 10.1), (3, 3, 10.2)]) == [10, 10.1, 10.2]


def test_stamps_are_done_without():
    """Then it is seen when it comes."""
    assert _mapped([(None, None, 10), (None, None, 10.1)]) == [10, 10.1]


def test_a_picture_shown_later_than_it_is_decoded():
    """With B-frames a picture that is decoded first can be shown after the next one."""
    mapper = TimestampMapper()
    mapped = [
        mapper.map(pts, dts, now)
        for pts, dts, now in ((0, -0.1, 10), (0.3, 0, 10.3), (0.1, 0.1, 10.31))
    ]
    assert [round(at, 1) for at, _ in mapped] == [10, 10.3, 10.1]
    assert [decode_at for _, decode_at in mapped] == sorted(decode_at for _, decode_at in mapped)


def test_a_clock_that_runs_slow_does_not_age_the_picture():
    """A thousandth: after an hour it is still where it belongs."""
    mapper = TimestampMapper()
    at = 0.0
    for second in range(3600):
        at, _ = mapper.map(second * 0.9995, second * 0.9995, 1000.0 + second)
    assert at == pytest.approx(1000.0 + 3599, abs=0.05)
