"""Which requests are one press: over time, a confirmation and a restart."""

import pytest

from hub.web.links.press_ids import FILE, PressIds


class _Clock:
    s = 1_000_000.0

    def __call__(self):
        return self.s


@pytest.fixture
def clock():
    return _Clock()


@pytest.mark.parametrize(
    ("then", "after_s", "same"),
    [
        ("", 59, True),
        ("restarted", 59, True),
        ("", 61, False),
        ("restarted", 61, False),
        ("confirmed", 0.9, True),
        ("confirmed", 1.1, False),
        ("confirmed, restarted", 9, True),
        ("confirmed, restarted", 31, False),
    ],
)
def test_a_request_belongs_to_a_press(tmp_path, clock, then, after_s, same):
    """Without a confirmation its device repeats it; after one it is a burst, or the answer died."""
    ids = PressIds(tmp_path, unix_s=clock, monotonic_s=clock)
    press = ids.id_for("shelly")
    if "confirmed" in then:
        ids.confirm("shelly", press)
    clock.s += after_s
    if "restarted" in then:
        ids = PressIds(tmp_path, unix_s=clock, monotonic_s=clock)
    assert (ids.id_for("shelly") == press) is same


def test_each_link_has_its_own_presses(tmp_path, clock):
    """Two devices at one door are two visitors, as far as anybody knows."""
    ids = PressIds(tmp_path, unix_s=clock, monotonic_s=clock)
    assert ids.id_for("shelly") != ids.id_for("doorbird")


def test_a_late_confirmation_is_of_its_own_press(tmp_path, clock):
    """The press before it is over: the present one still waits."""
    ids = PressIds(tmp_path, unix_s=clock, monotonic_s=clock)
    first = ids.id_for("shelly")
    clock.s += 100
    second = ids.id_for("shelly")
    ids.confirm("shelly", first)
    clock.s += 30
    assert ids.id_for("shelly") == second


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"id": 1}}', "\0" * 40])
def test_a_damaged_file_holds_up_nobody(tmp_path, clock, content):
    """The power was cut while it was written: the next press is a new one."""
    (tmp_path / FILE).write_text(content)
    assert len(PressIds(tmp_path, unix_s=clock, monotonic_s=clock).id_for("shelly")) == 36


def test_the_file_forgets_what_is_over(tmp_path, clock):
    """It stays small, however many links there were."""
    ids = PressIds(tmp_path, unix_s=clock, monotonic_s=clock)
    ids.id_for("old")
    clock.s += 100
    ids.id_for("new")
    assert "old" not in (tmp_path / FILE).read_text()


def test_on_a_disk_that_takes_nothing_it_goes_on_in_memory(tmp_path, clock, caplog):
    """The bell has to ring; only a death of the process would be noticed."""
    ids = PressIds(tmp_path / "no folder", unix_s=clock, monotonic_s=clock)
    press = ids.id_for("shelly")
    assert ids.id_for("shelly") == press
    ids.confirm("shelly", press)
    clock.s += 2
    assert ids.id_for("shelly") != press
    assert "press-requests.json cannot be written" in caplog.text


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_is_set_meanwhile_makes_no_second_press(tmp_path, clock, jump_s):
    """As after a boot without a battery: what got no answer before is still the same press."""
    times = [clock()]
    ids = PressIds(tmp_path, unix_s=lambda: times[-1], monotonic_s=clock)
    first = ids.id_for("shelly")
    times.append(clock() + jump_s)
    assert ids.id_for("shelly") == first
