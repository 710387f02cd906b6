"""The dry runs of our handlers: they find real faults without being noticed."""

from types import SimpleNamespace

import pytest

from devices.camera import DoorRecorder
from devices.lamp import Darkness, Porch, Zigbee2MqttLamp
from devices.phone.delivery.dispatcher import Patience
from devices.speaker import SpeakerError
from devices.video import CameraError
from hub import pictures
from hub.testing import event, run
from tests.forked import PATIENCE_S
from tests.house import free_port
from tests.servers.phone import phone_service

# Apprise asks for a module that Python 3.13 no longer has, and has its own in place of it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def _dry(file, resource=None):
    """Call the dry run of the reaction to a press, with this resource or the handler's own."""
    reaction = file.reactions["doorbell.pressed"]
    with run(event("doorbell.drilled")) as doing:
        if resource is not None:
            return reaction.drill(doing.event, file.config, resource)
        with reaction.uses(file.config) as opened:
            return reaction.drill(doing.event, file.config, opened)


def test_notify_asks_whether_the_services_can_be_reached(shipped):
    """Nothing is sent; one that is away fails with its address."""
    with phone_service() as phone:
        assert (
            _dry(shipped("notify", {"urls": [phone.url, "syslog://"]}))
            == "1 of 2 services answer; nothing was sent"
        )
        assert phone.told == []
    assert _dry(shipped("notify")) == "no phone is set up"
    with pytest.raises(ConnectionError, match="cannot be reached"):
        _dry(shipped("notify", {"urls": [f"json://127.0.0.1:{free_port()}/x"]}))


def test_notify_sends_a_marked_text_when_it_is_told_to(shipped):
    """With `drill_text` the drill goes all the way, and its text cannot be mistaken."""
    with phone_service() as phone:
        _dry(shipped("notify", {"urls": [phone.url], "drill_text": True}))
        assert [one["message"] for one in phone.told] == [
            "This is a drill: nobody is at the front door"
        ]


def test_notify_waits_for_slow_services_in_a_drill(shipped):
    """A drill is made once, and nobody is at the door meanwhile: a slow service is no fault."""
    with phone_service() as phone:
        file = shipped("notify", {"urls": [phone.url, phone.url], "drill_text": True})
        with file.reactions["doorbell.pressed"].uses(file.config) as messenger:
            messenger.patience = Patience(30.0, 0.0, 0.0)
            said = _dry(file, messenger)
            assert messenger.patience == Patience(30.0, 0.0, 0.0)
    assert said == "sent to 2: This is a drill: nobody is at the front door"


def test_notify_tells_what_a_nightly_drill_found(shipped):
    """A line for each handler that does not work."""
    failed = [
        {"handler": "record", "reason": "no picture"},
        {"handler": "bark", "reason": "it did not answer"},
    ]
    with phone_service() as phone, run(event("doorbell.drill_failed", failed=failed)) as doing:
        file = shipped("notify", {"urls": [phone.url]})
        reaction = file.reactions["doorbell.drill_failed"]
        with reaction.uses(file.config) as phones:
            reaction.function(doing.event, file.config, phones)
        assert phone.told[0]["message"].splitlines() == [
            "The doorbell's record does not work: no picture",
            "The doorbell's bark does not work: it did not answer",
        ]


def test_record_takes_a_picture_and_keeps_none(shipped, tmp_path, monkeypatch):
    """From the camera as it is now, encoded, written, and gone."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", PATIENCE_S)  # it has just been opened
    media = tmp_path / "films"
    assert _dry(shipped("record", {"folder": str(media)})).startswith("a picture of ")
    assert list(media.iterdir()) == []


def test_record_finds_a_camera_without_a_picture_and_a_full_disk(shipped, monkeypatch):
    """Both raise, with what to do."""
    file = shipped("record")
    blind = SimpleNamespace(
        private=lambda: None,
        picture=lambda: (_ for _ in ()).throw(CameraError("the camera gives no picture")),
    )
    with pytest.raises(CameraError, match="gives no picture"):
        _dry(file, _recorder(file, blind))
    monkeypatch.setattr(
        "devices.video.media_folder.disk_usage", lambda _: SimpleNamespace(free=7_000_000)
    )
    with pytest.raises(OSError, match="7 MB are free, a clip may need 100"):
        _dry(
            file,
            _recorder(file, SimpleNamespace(private=lambda: None, picture=lambda: bytes(1000))),
        )


def _recorder(file, camera):
    files = file.config.media_in(file.config.state_dir)
    return DoorRecorder(file.config, {}, {"camera": camera}, files, pictures)


@pytest.mark.parametrize(("answer", "said"), [('{"state": "ON"}', "the lamp is on"), (None, None)])
def test_light_asks_the_lamp_and_does_not_switch_it(shipped, answer, said):
    """It is asked how it is, and given time; a silent one fails."""
    published, patience, hear = [], [], {}

    class Link:
        def follow(self, topic, listener, **_):
            hear[topic] = listener

        def on_connect(self, call):
            """The connection is older."""

        def publish(self, topic, _):
            published.append(topic)
            if answer:
                hear["zigbee2mqtt/porch"](answer)

    class Lamp(Zigbee2MqttLamp):
        def read(self, patience_s):
            patience.append(patience_s)
            return super().read(0)

    lamp = Lamp("zigbee2mqtt:porch", Link(), "porch")
    file = shipped("light", {"when": "always", "lamp": "zigbee2mqtt:porch"})
    lamps = {"zigbee2mqtt:porch": lamp}
    porch = Porch(file.config, lamps, Darkness(file.config), {}, lamps.__getitem__)
    if said:
        assert _dry(file, porch) == said
    else:
        with pytest.raises(ConnectionError, match="the lamp zigbee2mqtt:porch does not answer"):
            _dry(file, porch)
    assert (published, patience) == (["zigbee2mqtt/porch/get"], [3.0])


def test_bark_decodes_its_sound_and_is_not_heard(shipped, tmp_path):
    """In quiet hours too; a file that is no sound fails."""
    file = shipped("bark", {"speaker": "simulated"})
    assert _dry(file) == "bark.wav can be played; no sound card is in use: nothing would be heard"
    assert not (tmp_path / "state" / "heard").exists()
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    with pytest.raises(SpeakerError, match="cannot be played"):
        _dry(shipped("bark", {"speaker": "simulated", "sound": str(broken)}))


def test_bark_opens_the_sound_card(shipped, tmp_path):
    """What the card says of itself is passed on."""
    file, asked = shipped("bark", {"speaker": "simulated"}), []

    def check(sound):
        asked.append(sound.name)
        return "the sound card opens"

    with file.reactions["doorbell.pressed"].uses(file.config) as bell:
        bell.speaker = SimpleNamespace(check=check)
        assert _dry(file, bell).endswith("; the sound card opens")
    assert asked == ["bark.wav"]
