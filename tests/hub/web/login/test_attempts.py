"""How long somebody waits between two passwords."""

from hub.web.login.attempts import (
    ADDRESSES,
    FREE,
    FREE_IN_ALL,
    LONGEST_IN_ALL_S,
    LONGEST_S,
    Attempts,
)


class _Clock:
    def __init__(self):
        self.s = 1000.0

    def __call__(self):
        return self.s


def test_each_failure_makes_the_next_pause_longer():
    """From a second up to a quarter of an hour; after an hour without one all is forgotten."""
    clock = _Clock()
    attempts = Attempts(clock)
    assert [attempts.begin("a") for _ in range(FREE)] == [0.0] * FREE
    pauses = []
    for _ in range(14):
        pauses.append(attempts.begin("a"))
        clock.s += pauses[-1]
        assert attempts.begin("a") == 0.0
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == LONGEST_S
    clock.s += 10_000
    assert [attempts.begin("a") for _ in range(FREE)] == [0.0] * FREE


def test_many_at_the_same_time_gain_nothing():
    """An attempt counts when it begins."""
    attempts = Attempts(_Clock())
    assert sum(attempts.begin("a") == 0.0 for _ in range(1000)) == FREE


def test_a_right_password_forgets_the_wrong_ones_of_its_address():
    """A person who mistypes it four times each day never waits."""
    attempts = Attempts(_Clock())
    for _ in range(50):
        assert [attempts.begin("a") for _ in range(4)] == [0.0] * 4
        attempts.succeeded("a")
    assert attempts.begin("a") == 0.0


def test_many_addresses_are_limited_in_all_and_never_locked_out_for_long():
    """A botnet gets one attempt a minute at last; the count of addresses stays bounded."""
    clock = _Clock()
    attempts = Attempts(clock)
    taken = sum(attempts.begin(f"10.{n >> 8}.{n & 255}.1") == 0.0 for n in range(ADDRESSES * 2))
    assert taken == FREE_IN_ALL
    for n in range(40):
        clock.s += LONGEST_IN_ALL_S
        assert attempts.begin(f"11.0.{n}.1") == 0.0
        assert attempts.begin("12.0.0.1") <= LONGEST_IN_ALL_S
    assert len(attempts._counts) <= ADDRESSES + 1


def test_a_network_of_ipv6_is_one_address():
    """Its owner chooses the rest of it as he likes; an IPv4 address in IPv6 is itself."""
    attempts = Attempts(_Clock())
    assert [attempts.begin(f"2001:db8::{n}") for n in range(FREE)] == [0.0] * FREE
    assert attempts.begin("2001:db8::ffff") > 0
    assert attempts.begin("2001:db8:0:1::1") == 0.0
    for _ in range(FREE):
        attempts.begin("::ffff:192.168.1.5")
    assert attempts.begin("192.168.1.5") > 0
