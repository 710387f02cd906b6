"""`record` as a process among others: its events, its crashes, its status."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.devices.film import make_film
from tests.house import House, until
from tests.servers.brokers import BrokerProcess

QUICK = """
[handlers.record]
clip_s = 1
preroll_s = 1
max_clip_s = 30
private_topic = "home/private"
"""


@pytest.fixture
def house(mosquitto: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A hub, and the camera's handler not yet started."""
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = QUICK
        house.start("hub")
        yield house


def _said(house: House, kind: str, count: int = 1) -> list[dict[str, Any]]:
    until(
        lambda: len(house.ears.events(kind)) >= count,
        lambda: f"{kind} is said: {house.log('record')[-2000:]}",
    )
    return house.ears.events(kind)


def _reason(house: House) -> str:
    return str(house.ears.messages("doorbell/handler/record/status")[-1]["detail"])


def _notes(house: House, press: str) -> list[str]:
    done = house.ears.events("handler.done", "record")
    return [event["data"].get("note", "") for event in done if event["causationid"] == press]


def test_two_presses_are_two_pictures_and_one_clip(house: House):
    """All of them follow from the press, and the clip's file is there when it is published."""
    house.settings = QUICK.replace("clip_s = 1\n", "clip_s = 2\n")
    house.start("record")
    presses = [house.send_press() for _ in range(2)]
    pictures = _said(house, "snapshot.taken", 2)
    assert [event["causationid"] for event in pictures] == presses
    assert all(abs(event["data"]["after_s"]) < 5 for event in pictures)
    (clip,) = _said(house, "clip.recorded")
    assert (clip["causationid"], clip["subject"]) == (presses[-1], "front")
    with av.open(clip["data"]["path"]) as movie:
        assert movie.duration / av.time_base == pytest.approx(clip["data"]["seconds"], abs=0.3)
        assert movie.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert clip["data"]["preroll_s"] < clip["data"]["seconds"]


def test_the_picture_is_on_the_broker_as_long_as_its_file(house: House):
    """A JPEG, retained for who comes later; one on demand passes; what is removed is cleared."""
    topic = "doorbell/handler/record/picture/home/front"

    def published() -> list[bytes]:
        return [load for at, load, _ in list(house.ears.heard) if at == topic]

    house.start("record")
    house.press()
    (taken,) = _said(house, "snapshot.taken")
    until(published, lambda: f"it is published: {house.log('record')}")
    late = house.listen()
    try:
        until(lambda: any(at == topic for at, _, _ in late.heard), "it is retained")
    finally:
        late.close()
    with av.open(io.BytesIO(published()[0])) as picture:
        assert picture.streams.video[0].width == 640
    house.ears.publish("doorbell/cli/test/command/snapshot/record/home/front", "PRESS")
    until(lambda: len(published()) == 2, lambda: f"another one: {house.log('record')}")
    house.kill("record")
    Path(taken["data"]["path"]).unlink()
    house.start("record")
    until(lambda: published()[-1] == b"", lambda: f"it is cleared: {house.log('record')}")


def test_a_crash_during_a_clip_leaves_no_half_of_it(house: House):
    """After a SIGKILL the next process removes the part, and records the next visitor."""
    media = house.state_dir / "media"
    house.settings = QUICK.replace("clip_s = 1\n", "clip_s = 5\n")  # the kill is to come before
    house.start("record")
    house.wait_outcome(house.press(), "record")
    until(lambda: list(media.glob(".*.mp4.part")), "the clip has begun")
    house.kill("record")
    assert list(media.glob("*.mp4")) == []
    house.settings = QUICK
    house.start("record")
    assert list(media.glob(".*.part")) == []
    cut = "no clip: it was cut off by a restart, deleted, or the camera gave no picture"
    until(
        lambda: cut in [e["data"].get("note") for e in house.ears.events("handler.done", "record")],
        lambda: f"it is told: {house.log('record')}",
    )
    assert list(media.glob("*.mp4")) == []
    house.press()
    (clip,) = _said(house, "clip.recorded")
    assert Path(clip["data"]["path"]).exists()


def test_a_camera_that_is_away_shows_in_the_status(house: House):
    """The handler is ready, with a reason, until the camera is there."""
    film = house.folder / "late.mp4"
    house.settings = QUICK + f"camera = {json.dumps(str(film))}\n"
    house.start("record")
    until(
        lambda: "late.mp4 gives no picture" in _reason(house),
        lambda: f"its status says so: {_reason(house)}",
    )
    assert house.statuses("record", "failed") == []
    make_film(film, "libx264", 20)
    until(lambda: _reason(house) == "", lambda: f"it is found: {_reason(house)}")


def test_a_switch_on_the_broker_makes_it_private(house: House):
    """Retained `on`: neither picture nor clip, also after a restart; `off`: as before."""
    house.ears.publish("home/private", "on", retain=True)
    house.start("record")
    until(
        lambda: _reason(house) == "private, by its switch: nothing is seen", lambda: _reason(house)
    )
    press = house.press()
    house.wait_outcome(press, "record")
    assert _notes(house, press) == ["private, by its switch: nothing is recorded"]
    assert not (house.state_dir / "media").exists()
    house.ears.publish("home/private", "", retain=True)
    house.kill("record")
    house.start("record")
    until(
        lambda: _reason(house) == "private, by its switch: nothing is seen",
        "its last word was kept",
    )
    house.ears.publish("home/private", "off", retain=True)
    until(lambda: _reason(house) == "", lambda: _reason(house))
    press = house.press()
    assert _said(house, "snapshot.taken")[-1]["causationid"] == press
