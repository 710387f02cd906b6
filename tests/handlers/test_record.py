"""`record`: the picture at once, the clip when its time is up."""

from dataclasses import replace
from pathlib import Path

import av
import pytest

from devices.footage import CameraError, aside
from hub.attempt import running
from hub.testing import Run, event, run


class _Camera:
    """Writes a word where a real one writes a picture, and makes one clip at a time."""

    def __init__(self):
        self.clip, self.broken = None, False

    def snapshot(self, path: Path):
        if self.broken:
            raise CameraError("the camera gives no picture")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("picture", encoding="utf-8")

    def start_clip(self, path: Path):
        self.clip = self.clip or path
        return self.clip

    def finish_clip(self):
        clip, self.clip = self.clip, None
        return None if clip is None else (clip, 10.006)

    def close(self):
        """Nothing is held."""


def _react(file, camera, of) -> tuple[str, Run]:
    """What the handler returned, and what it said besides."""
    with run(of) as doing:
        return file.reactions[of.type].function(of, file.config, camera), doing


def _due(door="front"):
    return replace(event("clip.due", "camera"), data={"door": door})


@pytest.fixture
def file(shipped):
    """The handler, with clips of seven seconds."""
    return shipped("record", {"clip_s": 7})


def test_a_press_gives_a_picture_and_begins_a_clip(file, tmp_path):
    """`snapshot.taken` names a picture that is there, and the clip's end is put on the clock."""
    camera, press = _Camera(), event(door="garden")
    outcome, doing = _react(file, camera, press)
    ((kind, data),) = doing.emitted
    assert (kind, data["door"]) == ("snapshot.taken", "garden")
    assert Path(data["path"]).read_text(encoding="utf-8") == "picture"
    assert Path(data["path"]).parent == tmp_path / "state" / "media"
    assert camera.clip == Path(data["path"]).with_suffix(".mp4")
    assert doing.timers == {"clip.due": 7}
    assert outcome == f"picture taken, recording {camera.clip.name}"


def test_files_are_named_by_when_and_where(file):
    """Local time first, so that they sort; the door; and enough of the event's id to tell two apart."""
    camera = _Camera()
    press = event(door="garden")
    _react(file, camera, press)
    assert camera.clip.name == f"{press.time.astimezone():%Y%m%d-%H%M%S}-garden-{press.id[-6:]}.mp4"


def test_a_press_during_a_clip_lengthens_it(file):
    """Two presses are two pictures, one clip, and the clock begins anew."""
    camera = _Camera()
    _, first = _react(file, camera, event())
    clip = camera.clip
    outcome, second = _react(file, camera, event())
    assert first.emitted[0][1]["path"] != second.emitted[0][1]["path"]
    assert (camera.clip, second.timers) == (clip, {"clip.due": 7})
    assert outcome == f"picture taken, recording {clip.name}"


def test_the_clip_is_told_when_it_is_complete(file):
    """`clip.recorded` names the file and its length, once."""
    camera = _Camera()
    _react(file, camera, event())
    clip = camera.clip
    outcome, doing = _react(file, camera, _due())
    assert doing.emitted == [("clip.recorded", {"path": str(clip), "seconds": 10.01})]
    assert outcome == f"{clip.name}, 10.0 s"


def test_a_clip_cut_off_by_a_restart_is_no_clip(file):
    """The clock goes on over a restart, the camera does not: nothing is told, and nothing fails."""
    outcome, doing = _react(file, _Camera(), _due())
    assert (outcome, doing.emitted) == ("no clip: it was cut off by a restart, or the camera gave no picture", [])


def test_a_camera_without_a_picture_is_tried_again(file):
    """The camera's error comes through, and nothing is told of a picture that is not there."""
    camera = _Camera()
    camera.broken = True
    with run() as doing, pytest.raises(CameraError):
        file.reactions["doorbell.pressed"].function(doing.event, file.config, camera)
    assert (doing.emitted, doing.timers, camera.clip) == ([], {}, None)


def test_the_clips_door_is_the_one_that_was_pressed(file):
    """The clock knows only the camera; the door travels in its data, and is what the clip is about."""
    camera, said = _Camera(), []

    class _Listening(Run):
        def emit(self, kind, subject, _):
            said.append((kind, subject))

    _react(file, camera, event(door="garden"))
    with running(_Listening(_due("garden"))):
        file.reactions["clip.due"].function(_due("garden"), file.config, camera)
    assert said == [("clip.recorded", "garden")]


def test_from_the_press_to_the_clip_with_a_real_camera(shipped, tmp_path):
    """With the test pattern: leftovers go, the picture and the clip are there and can be seen."""
    media = tmp_path / "films"
    media.mkdir()
    aside(media / "crashed.mp4").touch()
    file = shipped("record", {"camera": "test", "folder": str(media)})
    with file.reactions["doorbell.pressed"].uses(file.config) as camera:
        assert list(media.iterdir()) == []
        _, pressed = _react(file, camera, event())
        camera.snapshot(media / "later.jpg")
        camera.snapshot(media / "later.jpg")
        _, done = _react(file, camera, _due())
    for path in (pressed.emitted[0][1]["path"], done.emitted[0][1]["path"]):
        with av.open(path) as container:
            assert next(container.decode(video=0)).width == 640
