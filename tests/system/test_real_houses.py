"""Cameras as real houses have them: each press gets its picture and its clip."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from tests.devices.http_camera import http_camera
from tests.house import House, until
from tests.servers.brokers import BrokerProcess

pytestmark = pytest.mark.fault_matrix
PRESSES = 4
OFF_BEAT = 7  # numbers of the camera's clock: each press comes at another moment of its rhythm


def _bursts(place: int) -> float:
    """Four pictures at once, as a busy radio link delivers them, and then none for long."""
    return 0.02 if place % 4 else 1.7


def _slower_and_slower(place: int) -> float:
    """As a camera does when it gets dark."""
    return min(0.1 + place * 0.03, 1.5)


RHYTHMS: dict[str, float | Callable[[int], float]] = {
    "a picture a second": 1.0,
    "a picture each two seconds": 2.0,
    "bursts": _bursts,
    "slower and slower": _slower_and_slower,
}


@pytest.mark.parametrize("form", ["multipart", "late"])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_each_press_has_a_picture_and_a_clip(
    rhythm: str, form: str, mosquitto: BrokerProcess, tmp_path: Path
):
    """Whatever the camera's rhythm is: the nearest picture may be a second away."""
    with (
        http_camera(form=form, pause_s=RHYTHMS[rhythm]) as camera,
        House(tmp_path / "house", mosquitto) as house,
    ):
        house.settings = f'[handlers.record]\ncamera = "{camera.url}"\nclip_s = 3\npreroll_s = 2\n'
        house.start("hub", "record")
        until(lambda: len(camera.sent) > 3, "the camera is looked at")
        presses = []
        for _ in range(PRESSES):
            later = camera.number() + OFF_BEAT
            until(lambda later=later: camera.number() >= later, "it is another moment")
            presses.append(house.press())
        taken = _all_taken(house, presses)
        assert all(Path(event["data"]["path"]).stat().st_size for event in taken)
        (clip,) = until(lambda: house.ears.events("clip.recorded"), lambda: house.log("record"))
    with av.open(clip["data"]["path"]) as film:
        assert sum(1 for _ in film.decode(video=0)) > 1


def _all_taken(house: House, presses: list[str]) -> list[dict]:
    """The pictures of these presses."""

    def taken() -> list[dict]:
        found = house.ears.events("snapshot.taken")
        return [event for event in found if event["causationid"] in presses]

    until(lambda: len(taken()) == len(presses), lambda: house.log("record")[-2000:])
    return taken()
