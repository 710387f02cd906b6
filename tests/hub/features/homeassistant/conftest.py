"""A hub that shows itself to Home Assistant, on a broker in memory."""

import json

import pytest

from config import Settings
from hub.features.homeassistant.discovery import announcer
from hub.features.homeassistant.feature import HomeAssistant
from hub.features.homeassistant.switch import home_assistant
from hub.producer.producer import Producer
from hub.wire.retained.status import Status
from tests.hub.fakes import HOUSE, HUB, FakeBroker

DOOR = "homeassistant/device/doorbell_home_front/config"
HOME = "homeassistant/device/doorbell_home/config"
SAYS = "homeassistant/status"


class Hub:
    """One hub; `start` is also its restart.

    Attributes:
        now_s: What its announcer takes for the time.
    """

    def __init__(self, states, folder):
        self.net = FakeBroker()
        self.state = states("hub-home")
        self.folder = folder
        self.now_s = 1000.0

    def start(self, **settings):
        self.bus = self.net.bus()
        self.settings = Settings(state_dir=self.folder, **settings)
        self.producer = Producer(self.state, self.bus, HUB)
        self.features = home_assistant(self.settings, self.state, self.bus, self.producer)
        for feature in self.features:
            inner = feature._announcer if isinstance(feature, HomeAssistant) else feature
            inner._seconds = lambda: self.now_s
        self.bus.connect()
        self.tick(announcer.SETTLE_S)

    def tick(self, after_s=0.0):
        self.now_s += after_s
        for feature in self.features:
            feature.tick()

    def says(self, word, *, retained=False):
        """Home Assistant's birth or will."""
        self.bus.hear(SAYS, word.encode(), retained=retained)

    def handler(self, name, *status):
        payload = Status(*status).encode() if status else b""
        self.bus.hear(HOUSE.status(f"doorbell/handler/{name}"), payload, retained=True)

    def said(self, topic):
        """Everything published on a topic, decoded; None for what was cleared."""
        return [json.loads(load) if load else None for at, load in self.net.heard if at == topic]

    @property
    def rings(self):
        return self.said(HOUSE.ring(HUB, "front"))

    @property
    def door(self):
        return self.said(HOUSE.door(HUB, "front"))[-1]

    @property
    def health(self):
        return self.said(HOUSE.health(HUB))[-1]


@pytest.fixture
def hub(states, tmp_path):
    """One that has started."""
    hub = Hub(states, tmp_path)
    hub.start()
    return hub
