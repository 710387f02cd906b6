"""How large a message may be: found by trying, and not confused with a producer that is away."""

import random

import pytest

from hub.consumer.catchup.queries.message_size import CALM, FAILURES, MessageSize
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
        size.replied(message)
    else:
        size.unanswered()
    return message <= most


@pytest.mark.parametrize("most", [LEAST_BYTES, 1500, 3000, 4096, 70_000])
def test_a_limit_is_found_and_kept_to(size, told, most):
    """After some tries none is lost any more, and a person is told why it is slow."""
    for _ in range(4 * FAILURES * CALM):
        _try(size, most)
    assert all(_try(size, most) for _ in range(100))
    assert size.is_largest(size.within(MOST_BYTES), MOST_BYTES)
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
        size.replied(200)
    assert size.within(MOST_BYTES) == MOST_BYTES
    assert told == []


def test_the_limit_that_a_broker_names_counts(size):
    """Nothing larger is tried."""
    assert size.within(4000) == 4000
    assert size.is_largest(4000, 4000)


def test_what_a_small_query_withheld_is_not_judged_by_the_size_of_the_next_one(size):
    """A query that was small by chance says nothing about the largest that gets through."""
    for _ in range(4 * FAILURES * CALM):
        _try(size, 3000)
    largest = size.within(MOST_BYTES)
    size.unanswered()
    smaller = size.within(MOST_BYTES)
    size.replied(200)
    assert smaller < size.within(MOST_BYTES) == largest
    assert not size.is_largest(smaller, MOST_BYTES)


def test_a_size_that_gets_through_again_is_not_too_large(size, told):
    """Queries fail now and then where a node dies or a machine is busy: nothing is told of it."""
    for _ in range(10 * FAILURES):
        for _ in range(4 * CALM):
            _try(size, MOST_BYTES)
        size.unanswered()
    assert told == []
    assert not size.is_largest(LEAST_BYTES, MOST_BYTES)


def test_a_size_that_counted_as_too_large_and_gets_through_is_taken_again(size, told):
    """The complaint is withdrawn."""
    for _ in range(4 * FAILURES * CALM):
        _try(size, 3000)
    assert told[-1]
    size.replied(MOST_BYTES)
    assert told[-1] == ""
    assert not size.is_largest(size.within(MOST_BYTES), MOST_BYTES)
