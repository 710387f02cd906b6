"""The judge of the reported cases tells right from wrong."""

import re

import pytest

from tests.cases.expected import EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_an_empty_output_is_wrong(name):
    """Each case wants something, so one that could not run never counts as right."""
    assert EXPECTED[name].faults_in("")


def test_what_is_unwanted_is_a_fault():
    """Here the old words of a broker that keeps nothing, beside all that is wanted."""
    case = EXPECTED["05-retain-unavailable"]
    right = "\n".join(case.wanted)
    assert case.faults_in(right) == []
    assert case.faults_in(f"{right}\n{case.unwanted[0]}") == [f"unwanted: {case.unwanted[0]}"]


def test_a_picture_that_is_sent_twice_is_found():
    """The only pattern that looks at several lines for what must not be there."""
    twice = "0.0 PUT /door?x 400 b''\n1 POST / 200\n2.0 PUT /door?x 400 b''\n"
    (pattern,) = EXPECTED["21-ntfy-limits"].unwanted
    assert re.search(pattern, twice)
    assert not re.search(pattern, twice.rpartition("2.0")[0])
