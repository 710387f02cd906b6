"""Pictures on the broker: published, made to fit, and cleared when they must not be kept."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from hub.mqtt.connection.limits import Limits
from hub.plugin.picture.pictures import REQUESTS, Pictures
from hub.testing import event
from hub.wire.event import BadEvent
from hub.wire.retained.picture import MOST_BYTES
from tests.forked import PATIENCE_S
from tests.house import until
from tests.hub.fakes import FakeBroker, FakeBus

RECORD = "doorbell/handler/record"
TOPIC = "doorbell/handler/record/picture/test/front"
JPEG = b"\xff\xd8 a picture \xff\xd9"


def _open(bus: FakeBus, state_dir: Path) -> Pictures:
    pictures = Pictures()
    pictures.attach(bus, RECORD, "home", state_dir)
    return pictures


@pytest.fixture
def bus(net: FakeBroker) -> FakeBus:
    """The handler's connection."""
    return net.bus()


@pytest.fixture
def pictures(bus: FakeBus, tmp_path: Path) -> Pictures:
    """Those of the handler `record`."""
    return _open(bus, tmp_path)


def _wait(net: FakeBroker, *payloads: bytes) -> None:
    until(
        lambda: [load for topic, load in net.heard if topic == TOPIC] == [*payloads],
        lambda: f"published: {net.heard}",
    )


def test_a_picture_is_published_with_what_it_shows(net, bus, pictures):
    """Raw bytes, retained, on the topic of its hub and door; MQTT 5 says of which press."""
    press = event()
    pictures.publish(press, JPEG, keep_days=2)
    _wait(net, JPEG)
    (properties,) = bus.properties
    assert properties["MessageExpiryInterval"] == 2 * 86_400
    assert properties["ContentType"] == "image/jpeg"
    assert dict(properties["UserProperty"])["event"] == press.id
    assert bus.retained == [TOPIC]


def test_a_picture_that_is_kept_for_ever_is_published(net, bus, pictures):
    """`keep_days = inf`: the broker keeps it for as long as it can be told."""
    pictures.publish(event(), JPEG, keep_days=float("inf"))
    _wait(net, JPEG)
    assert bus.properties[0]["MessageExpiryInterval"] == 2**32 - 1


def test_a_picture_need_not_be_kept_by_the_broker(net, bus, pictures):
    """With `retain=False` it passes."""
    pictures.publish(event(), JPEG, retain=False)
    _wait(net, JPEG)
    assert bus.retained == []


def test_a_picture_is_made_to_fit_the_broker(net, bus, pictures):
    """What makes it is told the most bytes: ours, or what the broker takes."""
    asked: list[int] = []

    def make(most_bytes: int) -> bytes:
        asked.append(most_bytes)
        return JPEG

    pictures.publish(event(), make)
    _wait(net, JPEG)
    bus.limits = Limits(packet_limit=50_000)
    pictures.publish(event(), make)
    _wait(net, JPEG, JPEG)
    assert asked[0] == MOST_BYTES
    assert 40_000 < asked[1] < 50_000


def test_a_broker_that_does_not_take_a_picture_gets_a_smaller_one(net, bus, pictures, monkeypatch):
    """And after some attempts none: it may hang up each time, over whatever else waits."""
    monkeypatch.setattr("hub.plugin.picture.pictures.AGAIN_S", 0.001)
    asked: list[int] = []
    monkeypatch.setattr(bus, "deliver", lambda *_, **__: False)
    pictures.publish(event(), lambda most: asked.append(most) or bytes(most))
    until(lambda: not pictures._orders, "it is given up")
    assert asked == [MOST_BYTES, MOST_BYTES, MOST_BYTES // 2, MOST_BYTES // 4]


def test_without_a_broker_the_newest_one_waits(net, bus, pictures):
    """One picture for each door is enough."""
    bus.connected.clear()
    pictures.publish(event(), b"first")
    pictures.publish(event(), b"second")
    bus.connect()
    _wait(net, b"second")


def test_a_picture_whose_file_is_gone_is_cleared(net, pictures, tmp_path, monkeypatch):
    """Whoever removed it: what is deleted at home is not kept at the broker."""
    monkeypatch.setattr("hub.plugin.picture.pictures.FILES_S", 0.01)
    file = tmp_path / "front.jpg"
    file.touch()
    pictures.publish(event(), JPEG, file=file)
    _wait(net, JPEG)
    file.unlink()
    _wait(net, JPEG, b"")


def test_a_picture_is_cleared_after_a_restart_too(net, bus, pictures, tmp_path):
    """The file was removed while the process was away."""
    file = tmp_path / "front.jpg"
    file.touch()
    pictures.publish(event(), JPEG, file=file)
    _wait(net, JPEG)
    bus.connected.clear()  # that process is gone: it clears nothing
    file.unlink()
    _open(net.bus(), tmp_path)
    _wait(net, JPEG, b"")
    until(lambda: "front" not in (tmp_path / "record.pictures.json").read_text(), "it is noted")


def test_nothing_is_kept_while_it_is_private(net, pictures, monkeypatch):
    """The last visitor's picture goes when privacy begins."""
    monkeypatch.setattr("hub.plugin.picture.pictures.PRIVACY_S", 0.01)
    reason: list[str] = []
    with pictures.on_demand(lambda *_: JPEG, lambda: reason[0] if reason else None):
        pictures.publish(event(), JPEG)
        _wait(net, JPEG)
        reason.append("private until 07:00")
        _wait(net, JPEG, b"")


def test_a_picture_is_taken_on_demand(net, bus, pictures):
    """By the command `snapshot`, whatever its payload; it is not retained: nobody rang."""
    with pictures.on_demand(lambda door, most: f"{door} {most}".encode()):
        bus.hear("doorbell/cli/1/command/snapshot/record/test/front", b"PRESS")
        _wait(net, b"front %d" % MOST_BYTES)
    assert bus.retained == []
    assert "event" not in dict(bus.properties[0]["UserProperty"])


def test_a_camera_that_gives_nothing_on_demand_does_no_harm(net, bus, pictures):
    """It is logged, and the next one comes."""

    def take(door: str, _: int) -> bytes:
        if door == "cellar":
            raise OSError("no camera looks at cellar")
        return JPEG

    with pictures.on_demand(take):
        for door in ("cellar", "no door!", "front"):
            bus.hear(f"doorbell/cli/1/command/snapshot/record/test/{door}", b"")
        _wait(net, JPEG)


def test_whatever_an_authors_function_does_the_next_picture_comes(net, pictures):
    """It raises what it likes, or gives a picture that is too large."""
    pictures.publish(event(door="back"), lambda _: 1 / 0)
    pictures.publish(event(door="garden"), lambda most: bytes(most + 1))
    until(lambda: not pictures._orders, "both are given up")
    pictures.publish(event(), JPEG)
    _wait(net, JPEG)
    assert len(net.heard) == 1


def test_a_drill_publishes_no_picture(pictures):
    """It would be taken for a visitor's."""
    with pytest.raises(BadEvent, match="dry run"):
        pictures.publish(event("doorbell.drilled"), JPEG)


def test_a_picture_about_another_handlers_event_belongs_to_the_hub(net, pictures):
    """A handler that reacts to `clip.recorded` knows only the door."""
    clip = replace(event("clip.recorded"), source="doorbell/handler/record")
    pictures.publish(clip, JPEG)
    until(lambda: net.heard, "it is published")
    assert net.heard[0][0] == "doorbell/handler/record/picture/home/front"


def test_outside_a_process_nothing_happens():
    """A test may call the handler as a plain function."""
    Pictures().publish(event(), JPEG)


def test_a_flood_of_requests_takes_a_few_pictures_only(bus, pictures):
    """Whoever may ask must not fill the memory with doors that nobody has heard of."""
    may_go_on, asked = Event(), []

    def take(door: str, _: int) -> bytes:
        asked.append(door)
        may_go_on.wait(PATIENCE_S)
        return JPEG

    with pictures.on_demand(take):
        for number in range(10 * REQUESTS):
            bus.hear(f"doorbell/cli/1/command/snapshot/record/test/door{number}", b"")
        may_go_on.set()
        until(lambda: not pictures._requests, "all that wait are taken")
    assert len(asked) <= REQUESTS + 1
