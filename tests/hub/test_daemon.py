"""The hub's process: its features, its faults, and a hub without any button."""

import pytest

from config import Settings
from hub.daemon import Hub
from hub.features.feature import Feature
from hub.producer.producer import Producer
from tests.house import House, until
from tests.hub.fakes import HUB


class _Status:
    """Keeps what the hub publishes of itself."""

    def __init__(self):
        self.said = []

    def set(self, state, *, detail):
        self.said.append((state, detail))


class _Faulty(Feature):
    """A feature that counts its ticks and has a fault."""

    def __init__(self):
        self.ticks = 0
        self.is_closed = False
        self.faults = ["[faulty] does not work"]

    def tick(self):
        self.ticks += 1

    def close(self):
        self.is_closed = True


@pytest.fixture
def hub_with_feature(net, state, tmp_path):
    """A hub that holds one more feature."""
    bus = net.bus()
    hub = Hub(Settings(state_dir=tmp_path), state, bus, Producer(state, bus, HUB))
    feature = _Faulty()
    hub.features.append(feature)
    yield hub, feature
    hub.close()


def test_the_hub_ticks_and_closes_every_feature(hub_with_feature):
    """A feature needs nothing more than to be in the list."""
    hub, feature = hub_with_feature
    hub.tick()
    hub.tick()
    assert feature.ticks == 2
    hub.close()
    assert feature.is_closed


def test_a_status_is_published_when_the_faults_change(hub_with_feature):
    """Once for each change, with the faults of all features; a hub with an open button is ready."""
    hub, feature = hub_with_feature
    status = _Status()
    hub.tick()
    hub.report_faults(status)
    hub.report_faults(status)
    assert status.said == [("ready", "[faulty] does not work")]
    feature.faults = []
    hub.report_faults(status)
    assert status.said[1:] == [("ready", "")]


def test_a_feature_that_overrides_nothing_does_nothing(hub_with_feature):
    """The protocol's own parts: no fault, a tick and a close without effect."""
    hub, _ = hub_with_feature

    class Idle(Feature):
        pass

    hub.features.append(Idle())
    hub.tick()
    assert Idle().faults == ()


def test_a_feature_that_fails_leaves_the_others_working(hub_with_feature):
    """The hub goes on and says so in its status; the feature is tried again each second."""
    hub, feature = hub_with_feature
    status = _Status()

    class Failing(Feature):
        fails = True

        def tick(self):
            if self.fails:
                raise ValueError("somebody's fault")

        def close(self):
            raise ValueError("somebody's fault")

    hub.features.insert(1, Failing())
    feature.faults = []
    hub.tick()
    hub.report_faults(status)
    Failing.fails = False
    hub.tick()
    hub.report_faults(status)
    said = "Failing does not work: somebody's fault"
    assert status.said == [("ready", said), ("ready", "")]
    hub.close()
    assert (feature.ticks, feature.is_closed) == (2, True)


@pytest.mark.parametrize("record", ['{"home": 5}', '{"home": {"id": "a", "topics": {"b": null}}}'])
def test_the_button_rings_whatever_is_wrong_beside_it(house: House, record: str):
    """With a damaged record of Home Assistant, and settings of a handler that cannot be used."""
    house.settings = '[handlers.visit]\nmissed_after_s = "soon"\n'
    house.state_dir.mkdir()
    (house.state_dir / "homeassistant.json").write_text(record, encoding="utf-8")
    house.start("hub")
    house.press()
    topic = "doorbell/hub/home/door/front"
    until(lambda: house.ears.messages(topic), lambda: house.log("hub"))


def test_a_hub_without_any_button_still_rings_from_afar(house: House, monkeypatch):
    """It says `failed` with the reason, stays, and does what it can."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    house.settings = 'button = { driver = "gpio", pin = 17 }\n'
    house.write_handler("one", "done(event)")
    house.start("hub", wait=False)
    house.start("one")
    (status,) = until(lambda: house.statuses("hub", "failed"), lambda: house.log("hub"))[:1]
    assert status["detail"].startswith("[doors.front] GPIO 17")
    press = house.press()
    house.wait_outcome(press, "one")
    assert house.effects("one") == [press]
