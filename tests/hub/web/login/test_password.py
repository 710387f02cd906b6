"""The household password: how it is kept."""

import pytest

from hub.web.login import password

WORDS = "correct horse battery"


def test_it_is_kept_as_owasp_asks_and_the_method_stands_in_it(monkeypatch):
    """N=2^14, r=8, p=5; a hash with other parameters is still read, so they can be raised."""
    old = password.hash_of(WORDS)
    assert old.startswith("scrypt$4,8,5$")
    monkeypatch.setattr(password, "N_EXPONENT", 14)
    new = password.hash_of(WORDS)
    assert new.startswith("scrypt$14,8,5$")
    assert WORDS not in new
    assert password.hash_of(WORDS) != new
    assert [password.is_right(WORDS, one) for one in (old, new)] == [True, True]
    assert [password.is_right(f"{WORDS} ", one) for one in (old, new)] == [False, False]


def test_a_letter_is_the_same_on_every_keyboard():
    """One sends ü as one character, another as two (NFKC)."""
    assert password.is_right("geha\u0308uft", password.hash_of("geh\u00e4uft"))


@pytest.mark.parametrize(("bad", "why"), [("short", "too short"), ("x" * 257, "too long")])
def test_a_bad_password_is_told(bad, why):
    """With what to do."""
    assert why in password.fault_in(bad)
    assert password.fault_in("x" * 8) is None
