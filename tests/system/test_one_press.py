"""One press, four processes, four effects, seen from outside, on each broker."""

import http.server
import json
import threading
import wave
from collections.abc import Iterator

import av
import pytest

from tests.house import House, until

FOUR = ("notify", "record", "light", "bark")


@pytest.fixture
def phone() -> Iterator[list[dict]]:
    """A real HTTP server: what would be the phone's service."""
    hits: list[dict] = []

    class Phone(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hits.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Phone) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        hits_and_port = hits
        hits_and_port.append({"port": server.server_address[1]})
        yield hits_and_port
        server.shutdown()


@pytest.fixture
def full_house(house: House, phone: list[dict]) -> House:
    port = phone.pop()["port"]
    house.settings = (
        f'[handlers.notify]\nurls = ["json://127.0.0.1:{port}/ring"]\n'
        '[handlers.record]\ncamera = "test"\nclip_s = 1\n'
        '[handlers.light]\nlamp = "zigbee2mqtt:porch"\nwhen = "always"\nminutes = 0.05\n'
        '[handlers.bark]\nspeaker = "simulated"\n'
    )
    house.start("hub", *FOUR)
    return house


def test_one_press_has_four_effects(full_house: House, phone: list[dict]):
    """Notification, clip, picture, lamp on and off again, and the bark: each happens."""
    press = full_house.press()
    for name in FOUR:
        full_house.wait_outcome(press, name)
    texts = until(
        lambda: len(phone) >= 2 and [hit["message"] for hit in phone], "the text, then the picture"
    )
    assert texts[0] == "Somebody is at the front door"
    assert phone[1]["attachments"][0]["mimetype"] == "image/jpeg"
    clip = until(lambda: full_house.ears.events("clip.recorded"), "the clip is recorded")[0]
    assert clip["data"]["path"].endswith(".mp4")
    with av.open(clip["data"]["path"]) as movie:
        assert movie.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in movie.decode(video=0)) >= 5
    lamp = until(
        lambda: len(says := full_house.ears.messages("zigbee2mqtt/porch/set")) >= 2 and says,
        "the lamp",
    )
    assert [say["state"] for say in lamp] == ["ON", "OFF"]
    (heard,) = (full_house.state_dir / "heard").glob("*.wav")
    with wave.open(str(heard)) as sound:
        assert max(memoryview(sound.readframes(sound.getnframes())).cast("h")) > 10_000


def test_what_follows_from_a_press_shares_its_trace(full_house: House):
    """All that follows from one press, in all processes, has one trace id and names its cause."""
    press = full_house.press()
    full_house.wait_outcome(press, "record")
    (picture,) = until(lambda: full_house.ears.events("snapshot.taken"), "the picture is announced")
    full_house.wait_outcome(picture["id"], "notify")
    (rang,) = full_house.ears.events("doorbell.pressed")
    (shown,) = [
        e
        for e in full_house.ears.events("handler.done", "notify")
        if e["causationid"] == picture["id"]
    ]
    assert picture["causationid"] == press
    traces = {event["traceparent"].split("-")[1] for event in (rang, picture, shown)}
    assert len(traces) == 1


def test_every_process_says_good_bye(full_house: House):
    """SIGTERM ends each process with 0 and the status `offline: stopped`, never the last will."""
    import signal  # noqa: PLC0415

    for name in (*FOUR, "hub"):
        assert full_house.kill(name, signal.SIGTERM) == 0, full_house.log(name)
        said = until(
            lambda name=name: full_house.statuses(name, "offline"),
            f"{name} says that it is offline",
        )
        assert said[-1]["reason"] == "stopped"
