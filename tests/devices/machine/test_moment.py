"""Moments: exact within one boot, and as good as the wall clocks are between two."""

import json

import pytest

from devices.machine import Moment
from hub.testing import event

BOOT, OTHER = "a" * 16, "b" * 16


@pytest.mark.parametrize(
    ("earlier", "later", "seconds", "is_comparable"),
    [
        (Moment(9000, BOOT, 20, synchronised=False), Moment(100, BOOT, 45), 25, True),
        (Moment(9000, BOOT, 20), Moment(9100, OTHER, 5), 100, True),
        (Moment(9000, BOOT, 20), Moment(9100, OTHER, 5, synchronised=False), 100, False),
        (Moment(9000), Moment(9100), 100, True),
        (Moment(9000, BOOT, 20), Moment(9100), 100, True),
    ],
)
def test_the_clock_that_never_jumps_counts_where_both_have_it(
    earlier, later, seconds, is_comparable
):
    """Else it is known which was first if both wall clocks could be believed."""
    assert later.since(earlier) == seconds
    assert later.is_comparable(earlier) is earlier.is_comparable(later) is is_comparable


@pytest.mark.parametrize("moment", [Moment(9.5), Moment(9.5, BOOT, 3.25, synchronised=False)])
def test_a_moment_survives_as_json(moment):
    """Without a boot it is a number, as in earlier versions."""
    kept = json.loads(json.dumps(moment.as_json()))
    assert Moment.of(kept) == moment
    assert isinstance(kept, float) is (not moment.boot)


def test_an_event_was_seen_at_a_moment():
    """Later ones are as far away on both clocks."""
    seen = event()
    moment = Moment.seen(seen)
    assert moment == (seen.time.timestamp(), "", 0.0, True)
    assert moment.later(60) == (moment.at + 60, "", 60.0, True)
