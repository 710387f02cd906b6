"""The clocks: an age that does not depend on a wrong one, and a time that is put right."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from hub.system.clock import RELEASED, Clock, Stamp, _first_line
from tests.hub.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock().stand()


@pytest.mark.parametrize("jump_s", [-7200.0, 3600.0, 1e9])
def test_within_one_boot_no_jump_of_the_clock_makes_old_or_new(clock, jump_s):
    """A time server found late, a person's hand, a leap: ten seconds stay ten seconds."""
    seen = clock.stamp()
    clock.passed_s, clock.ahead_s = 10.0, jump_s
    assert clock.age_s(seen) == pytest.approx(10.0, abs=0.001)


def test_between_machines_two_good_clocks_are_believed(clock):
    """Their difference is the age; and it is never negative."""
    there = FakeClock(boot="b" * 16).stand(clock)
    seen = there.stamp()
    clock.passed_s = 60.0
    assert clock.age_s(seen) == pytest.approx(60.0, abs=0.001)
    there.passed_s = 120.0
    assert clock.age_s(there.stamp()) == 0.0


def test_from_another_machine_with_a_bad_clock_nothing_is_called_old(clock):
    """An unknown age counts as the least that it can be."""
    there = FakeClock(boot="b" * 16, ahead_s=-1e8, synchronised=False)
    assert clock.age_s(there.stamp()) == 0.0


def test_what_was_before_this_boot_is_at_least_as_old_as_the_boot(clock):
    """It was seen with a wrong clock, before a reboot."""
    clock.ahead_s, clock.synchronised = -1e8, False
    seen = clock.stamp()
    clock.reboot()
    clock.ahead_s, clock.passed_s = 0.0, 50.0
    assert clock.age_s(seen) == pytest.approx(51.0, abs=0.001)


def test_who_tells_only_a_time_is_measured_by_the_wall(clock):
    """A script in another language need not know our boots."""
    clock.synchronised = False
    seen = Stamp(clock.utc() - timedelta(seconds=30), "", 0.0, synchronised=True)
    assert clock.age_s(seen) == pytest.approx(30.0, abs=0.001)


def test_a_time_from_before_the_clock_was_set_is_put_right_after(clock):
    """Within one boot, and only once the wall clock is trusted."""
    clock.ahead_s, clock.synchronised = -1e8, False
    seen = clock.stamp()
    clock.passed_s = 20.0
    assert clock.corrected(seen) == seen
    clock.ahead_s, clock.synchronised = 0.0, True
    put_right = clock.corrected(seen)
    assert put_right.synchronised
    assert (clock.utc() - put_right.time).total_seconds() == pytest.approx(20.0, abs=0.001)
    clock.reboot()
    assert clock.corrected(seen) == seen


def test_a_moment_shortly_before_is_stamped_as_such(clock):
    """The edge of the button was seen before it could be written down."""
    seen = clock.stamp(clock.utc() - timedelta(seconds=2))
    assert clock.uptime_s() - seen.uptime_s == pytest.approx(2.0, abs=0.001)


def test_the_machines_own_clocks_are_what_they_say():
    """All processes see the same boot; a time before our release is not trusted."""
    one, two = Clock(), Clock()
    assert one.boot == two.boot
    assert len(one.boot) == 16
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= one.uptime_s() <= time.clock_gettime(time.CLOCK_BOOTTIME)
    assert not one.is_synchronised() or time.time() > RELEASED


def test_a_process_that_does_not_see_proc_sys_is_told_the_boot(monkeypatch):
    """It knows the boot from a variable; without that it claims none, and trusts no other."""
    seen, boot_id = Clock(), Path("/proc/sys/kernel/random/boot_id")
    monkeypatch.setenv(
        "DOORBELL_BOOT", boot_id.read_text(encoding="ascii").strip().replace("-", "")
    )
    monkeypatch.setattr(
        "hub.system.clock._first_line", lambda path: "" if "boot_id" in path else _first_line(path)
    )
    assert Clock().boot == seen.boot
    monkeypatch.delenv("DOORBELL_BOOT")
    blind = Clock()
    assert blind.boot == ""
    assert blind.age_s(seen.stamp()) < 1
    assert seen.age_s(blind.stamp()) < 1
