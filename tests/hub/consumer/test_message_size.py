"""How large a message may be: found by trying, and not confused with a producer that is away."""

import random

import pytest

from hub.consumer.message_size import CALM, FAILURES, MessageSize
from hub.wire.query import LEAST_BYTES, MOST_BYTES


@pytest.fixture
def told():
    return []


@pytest.fixture
def size(told):
    return MessageSize(told.append)


def _try(size, most, content=MOST_BYTES):
    """One query and its reply on a way that takes so many bytes."""
    message = min(size.within(MOST_BYTES), content)
    if message <= most:
        size.replied()
    else:
        size.unanswered()
    return message <= most


@pytest.mark.parametrize("most", [LEAST_BYTES, 1500, 3000, 4096, 70_000])
def test_a_limit_is_found_and_kept_to(size, told, most):
    """After some tries none is lost any more, and a person is told why it is slow."""
    for _ in range(4 * FAILURES * CALM):
        _try(size, most)
    assert all(_try(size, most) for _ in range(100))
    assert size.is_found(MOST_BYTES)
    assert all("Raise the broker's limit" in words for words in told)
    assert told


@pytest.mark.parametrize("seed", range(20))
def test_a_limit_is_found_though_small_messages_get_through_in_between(size, seed):
    """A small reply proves nothing about large ones: no size that fails is tried for ever."""
    chance = random.Random(seed)
    for _ in range(1000):
        _try(size, 3000, chance.choice([200, MOST_BYTES]))
    failures = sum(not _try(size, 3000) for _ in range(100))
    assert failures <= 3 * FAILURES


def test_a_producer_that_was_away_is_no_limit(size, told):
    """When it is back the messages soon are as large as ever, and nothing is told."""
    for _ in range(20):
        size.unanswered()
    assert size.within(MOST_BYTES) == LEAST_BYTES
    for _ in range(10):
        size.replied()
    assert size.within(MOST_BYTES) == MOST_BYTES
    assert told == []


def test_the_limit_that_a_broker_names_counts(size):
    """Nothing larger is tried."""
    assert size.within(4000) == 4000
    assert size.is_found(4000)
