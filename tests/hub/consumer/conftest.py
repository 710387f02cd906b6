"""A producer, and who listens to it."""

import pytest

from hub.producer.producer import Producer
from tests.hub.fakes import BARN, HUB
from tests.hub.listener import Listener


@pytest.fixture
def producer(states, net):
    return Producer(states("hub"), net.bus(), HUB)


@pytest.fixture
def barn(states, net):
    """Another hub."""
    return Producer(states("barn"), net.bus(), BARN)


@pytest.fixture
def listener(states, net):
    return Listener(states("notify"), net.bus())
