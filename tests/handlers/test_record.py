"""`record`: the picture at once, the clip when its time is up."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from config import SettingsError
from devices.camera import DoorRecorder
from devices.machine.atomic_file import part_path
from devices.video import CameraError, RecordedClip
from hub import pictures
from hub.plugin.api import running
from hub.testing import Run, event, run
from tests.forked import PATIENCE_S
from tests.house import until


class _Camera:
    """Writes a word in place of a picture, and records one clip at a time."""

    def __init__(self):
        self.clip, self.broken, self.length_s, self.reason = None, False, 5.0, None
        self.is_away = False

    def private(self):
        return self.reason

    def snapshot(self, path: Path, _: float):
        if self.broken:
            raise CameraError("the camera gives no picture")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("picture", encoding="utf-8")
        return -0.0312

    def start_clip(self, path: Path, _: float):
        self.clip = self.clip or path
        return self.clip, self.length_s

    def awaits_visitor(self, _: float):
        return self.is_away

    def finish_clip(self):
        clip, self.clip = self.clip, None
        return None if clip is None else RecordedClip(clip, 10.006, 5.004)

    def close(self):
        """Nothing is held."""


def _recorder(file, camera, **others) -> DoorRecorder:
    """This camera for all doors, and others by the doors that they look at."""
    files = file.config.media_in(file.config.state_dir)
    keys = {door: door for door in others}
    return DoorRecorder(file.config, keys, {"camera": camera, **others}, files, pictures)


def _react(file, camera, of) -> tuple[str, Run]:
    """What the handler returned, and what it did besides."""
    with run(of) as doing:
        return _call(file, camera, of), doing


def _call(file, camera, of) -> str:
    recorder = camera if isinstance(camera, DoorRecorder) else _recorder(file, camera)
    return file.reactions[of.type].function(of, file.config, recorder)


def _due(*doors):
    return replace(
        event("clip.due", "camera"),
        data={"doors": {door: ["a-press"] for door in doors or ["front"]}},
    )


@pytest.fixture
def file(shipped):
    """The handler, with clips of seven seconds."""
    return shipped("record", {"clip_s": 7})


def test_a_press_gives_a_picture_and_begins_a_clip(file, tmp_path):
    """`snapshot.taken` names a picture that is there, and a timer is set for the clip's end."""
    camera, press = _Camera(), event(door="garden")
    outcome, doing = _react(file, camera, press)
    ((kind, data),) = doing.emitted
    assert (kind, data["door"], data["after_s"]) == ("snapshot.taken", "garden", -0.031)
    assert Path(data["path"]).read_text(encoding="utf-8") == "picture"
    assert Path(data["path"]).parent == tmp_path / "state" / "media"
    assert camera.clip == Path(data["path"]).with_suffix(".mp4")
    assert doing.timers == {"clip.due": 7}
    assert outcome == f"picture taken, recording {camera.clip.name}"


def test_files_are_named_by_when_and_where(file):
    """Names have the local time, so that they sort, the door, and a part of the event's id."""
    camera = _Camera()
    press = event(door="garden")
    _react(file, camera, press)
    assert camera.clip.name == f"{press.time.astimezone():%Y%m%d-%H%M%S}-garden-{press.id[-6:]}.mp4"


def test_a_press_during_a_clip_lengthens_it(file):
    """Two presses are two pictures and one clip, and the timer begins again."""
    camera = _Camera()
    _, first = _react(file, camera, event())
    clip = camera.clip
    outcome, second = _react(file, camera, event())
    assert first.emitted[0][1]["path"] != second.emitted[0][1]["path"]
    assert (camera.clip, second.timers) == (clip, {"clip.due": 7})
    assert outcome == f"picture taken, recording {clip.name}"


def test_presses_lengthen_a_clip_up_to_its_limit(file):
    """`max_clip_s`: a visitor who rings without end does not fill the disk."""
    camera = _Camera()
    camera.length_s = 115.5
    assert _react(file, camera, event())[1].timers == {"clip.due": 4.5}
    camera.length_s = 130
    assert _react(file, camera, event())[1].timers == {"clip.due": 0}


def test_while_it_is_private_nothing_is_recorded(file):
    """The outcome says why, and the dry run does not try the camera either."""
    camera = _Camera()
    camera.reason = "private until 07:00"
    outcome, doing = _react(file, camera, event())
    assert (outcome, doing.emitted, doing.timers, camera.clip) == (
        "private until 07:00: nothing is recorded",
        [],
        {},
        None,
    )
    with run(event("doorbell.drilled")) as drill:
        words = file.reactions["doorbell.pressed"].drill(
            drill.event, file.config, _recorder(file, camera)
        )
    assert words == "private until 07:00: the camera was not tried"


def test_old_files_are_removed_even_without_a_press(shipped, tmp_path):
    """They are removed at the start, and some times a day after that."""
    old = tmp_path / "20200101-120000-front-abcdef.mp4"
    old.touch()
    file = shipped("record", {"folder": str(tmp_path), "keep_free_mb": 1e12})
    with file.reactions["doorbell.pressed"].uses(file.config):
        until(lambda: not old.exists(), "it is gone")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"private_from": "08:00:00"}, "private_from and private_to go together"),
        ({"max_clip_s": 12}, "max_clip_s is less than preroll_s and clip_s together"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(shipped, table, words):
    """With what to do."""
    with pytest.raises(SettingsError, match=words):
        shipped("record", table)


def test_the_clip_is_published_when_it_is_complete(file):
    """`clip.recorded` names the file and its length, once."""
    camera = _Camera()
    _react(file, camera, event())
    clip = camera.clip
    outcome, doing = _react(file, camera, _due())
    told = {
        "path": str(clip),
        "door": "front",
        "seconds": 10.01,
        "preroll_s": 5.0,
        "presses": ["a-press"],
    }
    assert doing.emitted == [("clip.recorded", told)]
    assert outcome == f"{clip.name}, 10.0 s, 5.0 s of it before the press"


def test_a_clip_goes_on_until_it_shows_the_visitor(file):
    """A short one ended before the press when the camera was away at the press."""
    camera = _Camera()
    _react(file, camera, event())
    clip, camera.is_away = camera.clip, True
    outcome, doing = _react(file, camera, _due())
    assert outcome == "no picture from after the press yet: the clip goes on"
    assert (camera.clip, doing.emitted, doing.timers) == (clip, [], {"clip.due": 1.0})
    camera.is_away = False
    _, doing = _react(file, camera, _due())
    assert (camera.clip, doing.emitted[0][1]["path"]) == (None, str(clip))


def test_a_clip_cut_off_by_a_restart_is_no_clip(file):
    """The timer survives a restart and the clip does not: no event, and no failure."""
    outcome, doing = _react(file, _Camera(), _due())
    assert (outcome, doing.emitted) == (
        "no clip: it was cut off by a restart, deleted, or the camera gave no picture",
        [],
    )


def test_a_camera_without_a_picture_is_tried_again(file):
    """No event names a picture that is not there; the clip is begun, and is finished in time."""
    camera = _Camera()
    camera.broken = True
    with run() as doing, pytest.raises(CameraError):
        _call(file, camera, doing.event)
    assert doing.emitted == []
    assert camera.clip is not None
    assert doing.checkpoints[-1].timers == {"clip.due": 7}
    assert doing.checkpoints[-1].memory["camera"]["name"] == camera.clip.name


def test_another_attempt_at_the_picture_leaves_the_clip_alone(file):
    """It was finished and published meanwhile. Nor does it end the clip of the next visitor."""
    camera, press = _Camera(), event()
    _react(file, camera, press)
    camera.clip.touch()
    clip, camera.clip = camera.clip, None
    outcome, doing = _react(file, camera, press)
    assert (camera.clip, doing.timers, doing.memory) == (None, {}, {})
    assert outcome == f"picture taken, {clip.name} is complete"


def test_the_clips_door_is_the_one_that_was_pressed(file):
    """The timer is about the camera. The door is in its data, and is the clip's subject."""
    camera, said = _Camera(), []

    class _Listening(Run):
        def emit(self, kind, subject, _):
            said.append((kind, subject))

    _react(file, camera, event(door="garden"))
    with running(_Listening(_due("garden"))):
        _call(file, camera, _due("garden"))
    assert said == [("clip.recorded", "garden")]


def test_a_clip_during_which_two_doors_rang_belongs_to_both(file):
    """It is published once for each door, with its presses; the next clip begins without them."""
    camera = _Camera()
    presses = event(), event(door="back"), event()
    with run(presses[0]) as doing:
        asked = {}
        doing.later = lambda _kind, _subject, data, _after_s: asked.update(data)
        for press in presses:
            doing.event = press
            _call(file, camera, press)
        assert asked["doors"] == {"front": [presses[0].id, presses[2].id], "back": [presses[1].id]}
        camera.finish_clip()
        doing.event = other = event(door="back")
        _call(file, camera, other)
        assert asked["doors"] == {"back": [other.id]}


def test_each_door_has_its_own_camera(file):
    """Two clips run at the same time, each with a timer and presses of its own."""
    front, back = _Camera(), _Camera()
    recorder = _recorder(file, front, back=back)
    subjects = []

    class _Listening(Run):
        def later(self, _kind, subject, data, _after_s):
            subjects.append((subject, sorted(data["doors"])))

    for door in ("front", "back", "garden"):
        press = event(door=door)
        with running(_Listening(press)):
            _call(file, recorder, press)
    assert "-front-" in front.clip.name
    assert "-back-" in back.clip.name
    assert subjects[:2] == [("camera", ["front"]), ("back", ["back"])]
    _react(file, recorder, replace(_due("back"), subject="back"))
    assert back.clip is None
    assert front.clip is not None


def test_a_camera_that_two_doors_share_is_opened_once(shipped):
    """Each other one has its own; that for all doors is not opened where no door needs it."""
    table = {"camera": "test", "cameras": {"front": "a.mp4", "back": "a.mp4"}}
    config = shipped("record", table).config
    keys = config.cameras_at(config.served_doors)
    assert keys == {"front": "front", "back": "front", "garden": "camera"}
    assert set(config.cameras_at(["front", "back"]).values()) == {"front"}
    assert config.absent_devices(config.state_dir)[0].startswith("cameras.front: 'a.mp4': no cam")


def test_a_camera_of_a_door_that_there_is_not_is_refused(shipped):
    """A misspelt door would have no camera, and nobody would know."""
    with pytest.raises(SettingsError, match=r"cameras: there is no door 'bakc'.*back"):
        shipped("record", {"cameras": {"bakc": "test"}})


def test_an_ambiguous_address_is_refused_at_the_start(shipped):
    """Only `doorbell check` said so, and the login went to a host that may be the wrong one."""
    ambiguous = "rtsp://admin:p@secret/s@192.168.1.20/s"
    with pytest.raises(SettingsError) as refused:
        shipped("record", {"camera": ambiguous, "cameras": {"front": "rstp://h", "back": "test"}})
    camera, front = refused.value.faults
    assert "[handlers.record] camera: it is not clear where in the address" in camera
    assert "cameras.front: rstp:// is not a camera's address" in front
    assert "secret" not in str(refused.value)


def test_the_trouble_of_every_camera_is_told(file):
    """By the name of the camera; one that works again takes only its own words back."""
    reports, words = {}, []

    def camera(name):
        return SimpleNamespace(on_trouble=lambda report: reports.update({name: report}))

    _recorder(file, camera("front"), back=camera("back")).on_trouble(words.append)
    for name, said in (("front", "front is away"), ("back", "back is away"), ("front", "")):
        reports[name](said)
    assert words == ["front is away", "front is away; back is away", "back is away"]


def test_from_the_press_to_the_clip_with_a_real_camera(shipped, tmp_path, monkeypatch):
    """With the test pattern: partial files go, and picture and clip can be decoded."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", PATIENCE_S)  # it has just been opened
    media = tmp_path / "films"
    media.mkdir()
    part_path(media / "20261123-201500-front-a1b2c3.mp4").touch()
    file = shipped("record", {"camera": "test", "folder": str(media)})
    with file.reactions["doorbell.pressed"].uses(file.config) as camera:
        assert list(media.iterdir()) == []
        _, pressed = _react(file, camera, event())
        for _ in range(2):
            assert camera.picture_of("front", 100_000)
        done = until(lambda: _react(file, camera, _due())[1].emitted, "it shows the visitor")
    for path in (pressed.emitted[0][1]["path"], done[0][1]["path"]):
        with av.open(path) as container:
            assert next(container.decode(video=0)).width == 640


def _wanted(action, *files, presses=(), visit="a-press"):
    data = {"visit": visit, "action": action, "files": list(files), "presses": list(presses)}
    return replace(event("doorbell.recordings_wanted"), data=data)


def test_what_a_person_wants_deleted_is_deleted(file):
    """The files of a visit go, and an event says so; done twice it is as done once."""
    camera = _Camera()
    _, doing = _react(file, camera, event("doorbell.pressed"))
    picture = Path(doing.emitted[0][1]["path"])
    for _ in range(2):
        note, doing = _react(file, camera, _wanted("delete", picture.name))
        assert not picture.exists()
        assert note == "delete: 1 files"
        changed = {"visit": "a-press", "action": "delete", "files": [picture.name]}
        assert doing.emitted == [("recordings.changed", changed)]


def test_a_clip_that_is_being_recorded_is_ended_and_deleted(file):
    """Its name is not known to the person, but its presses are."""
    camera = _Camera()
    press = event("doorbell.pressed")
    with run(press) as doing:
        _call(file, camera, press)
        clip = camera.clip
        clip.touch()
        _call(file, camera, _wanted("keep", presses=["another-press"]))
        assert camera.clip == clip
        _call(file, camera, _wanted("delete", presses=[press.id]))
    assert (camera.clip, clip.exists()) == (None, False)
    assert doing.emitted[-1][1]["files"] == [clip.name]


def test_a_visit_is_kept_with_the_clip_that_is_being_recorded(file):
    """Clean-up leaves it, however old it becomes."""
    camera = _Camera()
    press = event("doorbell.pressed")
    with run(press):
        _call(file, camera, press)
        _call(file, camera, _wanted("keep", presses=[press.id]))
    assert Path(f"{camera.clip}.keep").exists()


def test_a_clip_that_another_visit_keeps_is_neither_deleted_nor_released(file):
    """One camera looks at two doors: the visitor of one is kept, that of the other is not."""
    camera = _Camera()
    one, other = event("doorbell.pressed", "front"), event("doorbell.pressed", "garden")
    with run(one) as doing:
        _call(file, camera, one)
        _call(file, camera, _wanted("keep", presses=[one.id], visit=one.id))
        _call(file, camera, other)
        clip = camera.clip
        for action in ("delete", "release"):
            wanted = _wanted(action, clip.name, presses=[other.id], visit=other.id)
            _call(file, camera, wanted)
            assert doing.emitted[-1][1]["files"] == []
            assert (camera.clip, Path(f"{clip}.keep").exists()) == (clip, True)
        _call(file, camera, _wanted("release", presses=[one.id], visit=one.id))
        assert not Path(f"{clip}.keep").exists()
        _call(file, camera, _wanted("delete", presses=[other.id], visit=other.id))
    assert camera.clip is None
