"""The clocks: an age that does not depend on a wrong one, and a time that is put right."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.system.clock import BOOT, RELEASED, SERIAL, Clock, Stamp
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


def _machine(root, *, machine_id="", hostname="doorbell", serial="", boot_id="1"):
    files = {
        "etc/machine-id": machine_id,
        "proc/sys/kernel/hostname": hostname,
        "proc/sys/kernel/random/boot_id": boot_id,
        SERIAL: f"{serial}\0" if serial else "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if text:
            (root / name).write_text(text, encoding="ascii")
    return root


@pytest.fixture
def unnamed_boot(monkeypatch):
    monkeypatch.delenv(BOOT, raising=False)


@pytest.mark.usefixtures("unnamed_boot")
def test_a_process_that_does_not_see_proc_sys_is_told_the_boot(tmp_path, monkeypatch):
    """It knows the boot from a variable."""
    seen = Clock(_machine(tmp_path / "seen", machine_id="a", boot_id="12-34"))
    monkeypatch.setenv(BOOT, "1234")
    told = Clock(_machine(tmp_path / "sandbox", machine_id="a", boot_id=""))
    assert (told.boot, told.knows_boot) == (seen.boot, True)


@pytest.mark.usefixtures("unnamed_boot")
@pytest.mark.parametrize("hidden", [{"boot_id": ""}, {"hostname": ""}])
def test_where_the_boot_cannot_be_read_each_start_is_one_of_a_machine_of_its_own(tmp_path, hidden):
    """Only good clocks are compared then: no event of another process is called old or repeated."""
    root = _machine(tmp_path, **hidden)
    clocks = [FakeClock(boot=Clock(root).boot).stand() for _ in range(2)]
    one, other = clocks
    assert len({clock.boot[:8] for clock in clocks}) == 2
    assert not Clock(root).knows_boot
    stamp = other.stamp(other.utc() - timedelta(seconds=30))
    assert other.age_s(stamp) == pytest.approx(30, abs=0.001)
    assert one.age_s(stamp) == pytest.approx(30, abs=1)
    assert one.is_before_boot(stamp) is False
    one.synchronised = False
    assert one.age_s(stamp) == 0.0
    assert one.is_before_boot(stamp) is None


@pytest.mark.usefixtures("unnamed_boot")
def test_the_machine_is_known_where_the_boot_is_not(tmp_path):
    """A client id is made from it, and is the same after each start."""
    root = _machine(tmp_path, boot_id="")
    assert Clock(root).machine == Clock(root).machine != ""


@pytest.mark.usefixtures("unnamed_boot")
@pytest.mark.parametrize("name", [{"machine_id": "0123"}, {"hostname": "doorbell"}])
def test_a_cloned_card_makes_another_machine_of_another_raspberry_pi(tmp_path, name):
    """Its serial number tells it from the other; elsewhere the machine's id alone has to."""
    boots = [
        Clock(_machine(tmp_path / str(number), serial=serial, boot_id=boot_id, **name)).boot
        for number, (serial, boot_id) in enumerate(
            [("10a", "1"), ("10a", "2"), ("10b", "3"), ("", "4"), ("", "5")]
        )
    ]
    machines = [boot[:8] for boot in boots]
    assert machines[0] == machines[1]
    assert machines[3] == machines[4]
    assert len(set(machines)) == 3
    assert len(set(boots)) == 5


@pytest.mark.usefixtures("unnamed_boot")
def test_within_one_boot_a_new_name_of_the_machine_changes_no_age(tmp_path):
    """An update may name the machine anew, and what was seen before it is still of this boot."""
    before = Clock(_machine(tmp_path / "before", machine_id="a"))
    after = FakeClock(boot=Clock(_machine(tmp_path / "after", machine_id="a", serial="1")).boot)
    after.ahead_s, after.synchronised = 1e6, False
    seen = replace(before.stamp(), uptime_s=after.uptime_s() - 10, synchronised=False)
    assert before.boot != after.boot
    assert after.age_s(seen) == pytest.approx(10, abs=1)
    assert after.is_before_boot(seen) is False


@pytest.mark.parametrize(
    ("after_boot_s", "synchronised", "is_before"),
    [
        (-1.0, True, True),
        (10.0, True, True),
        (100.0, True, False),
        (1000.0, True, True),
        (100.0, False, True),
    ],
    ids=[
        "before this boot",
        "so soon after it that two clocks may differ by as much",
        "since this boot",
        "later than now",
        "since this boot, by a clock that nobody has set",
    ],
)
def test_another_boot_of_this_machine_was_before_unless_two_good_clocks_say_no(
    clock, after_boot_s, synchronised, is_before
):
    """A second machine may have the id of this one, and its press of now is no old one."""
    clock.reboot()
    clock.passed_s += 119.0
    booted = clock.utc() - timedelta(seconds=clock.uptime_s())
    seen = booted + timedelta(seconds=after_boot_s)
    stamp = Stamp(seen, "a" * 8 + "c" * 8, 5.0, synchronised)
    assert clock.is_before_boot(stamp) is is_before
