"""The household password: how it is kept."""

import subprocess
import sys

import pytest

from hub.web.login import password
from tests import needs
from tests.house import ROOT

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


def test_the_memory_of_a_check_is_given_back():
    """Each takes 16 MB for a moment; a process that checked some is as large as before."""
    needs.own_memory()
    code = """
from pathlib import Path
from hub.web.login import password
def private_kb():
    text = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_D"))
password.P = 1
kept = password.hash_of("correct horse")
before = private_kb()
held = []
for _ in range(3):
    password.is_right("correct horse", kept)
    held.append(bytes(100_000))
print(private_kb() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert int(done.stdout) < 4_000
