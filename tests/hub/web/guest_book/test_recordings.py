"""Pictures and clips of a visit: which file is shown, and how it is deleted or kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from config import Settings
from hub.web.guest_book.book import GuestBook
from hub.wire.recordings import MOST_RECORDINGS, Recordings
from tests.hub.web.guest_book.story import Story

PICTURE = "20261123-150211-front-a1b2c3.jpg"
CLIP = "20261123-150211-front-a1b2c3.mp4"


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """The folder of `record`."""
    folder = tmp_path / "media"
    folder.mkdir()
    return folder


def _recorded(story, press, *names, folder="/elsewhere/media"):
    """The events of a recorder: each names a file."""
    return [
        story.handler(
            "clip.recorded" if name.endswith("mp4") else "snapshot.taken",
            {"path": f"{folder}/{name}", "door": press.subject},
            press,
        )
        for name in names
    ]


@pytest.fixture
def press(book, story):
    """A visit with a picture and a clip."""
    pressed = story.press()
    for event in (pressed, *_recorded(story, pressed, PICTURE, CLIP)):
        book.take(event)
    return pressed


def test_the_files_are_those_in_the_folder_of_the_recorder(book, press, media):
    """Whatever folder an event names, only its file's name counts."""
    assert (book.visit(press.id).has_picture, book.picture(press.id)) == (True, None)
    for name in (PICTURE, CLIP):
        (media / name).touch()
    assert (book.picture(press.id), book.clip(press.id)) == (media / PICTURE, media / CLIP)


def test_a_recorder_may_have_another_folder(state, story, tmp_path, commands):
    """It is the one in the settings of the handler that published the event."""
    folder = tmp_path / "usb"
    folder.mkdir()
    (folder / PICTURE).touch()
    handlers = {"record": {"folder": str(folder)}}
    book = GuestBook(Settings(state_dir=tmp_path, handlers=handlers), state, commands)
    pressed = story.press()
    for event in (pressed, *_recorded(story, pressed, PICTURE)):
        book.take(event)
    assert book.picture(pressed.id) == folder / PICTURE


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd.jpg",
        "../../secret.jpg",
        "20261123-150211-front-a1b2c3.jpg/../../secret.jpg",
        "20261123-150211-x/../../secret.jpg",
        "linked",
        "a folder",
    ],
)
def test_a_forged_path_opens_nothing(book, story, media, path):
    """Neither a file elsewhere, nor through a link, nor what is no regular file."""
    (media.parent / "secret.jpg").touch()
    if path == "linked":
        (media / PICTURE).symlink_to(media.parent / "secret.jpg")
    if path == "a folder":
        (media / PICTURE).mkdir()
    pressed = story.press()
    name = path if "/" in path else PICTURE
    book.take(pressed)
    book.take(story.handler("snapshot.taken", {"path": f"{media}/{name}"}, pressed))
    assert book.picture(pressed.id) is None


def test_deleting_names_all_files_of_the_visit(book, press, commands):
    """The recorder gets their names, and the presses for a clip that is not finished yet."""
    book.delete(press.id, by="Anna")
    ((command, door),) = commands.given
    assert (command.action, command.visit, door, command.by) == (
        "delete",
        press.id,
        "front",
        "Anna",
    )
    assert sorted(command.files) == [PICTURE, CLIP]
    assert press.id in command.presses


def test_a_press_whose_id_a_program_chose_is_named_too(book, story, commands):
    """It need not look like those of ours."""
    pressed = replace(story.press(), id="nap1")
    book.take(pressed)
    for event in _recorded(story, pressed, PICTURE):
        book.take(event)
    book.delete(pressed.id, by="Anna")
    ((command, _),) = commands.given
    assert command.presses == ("nap1",)


def test_many_files_are_named_in_several_commands(book, story, press, commands):
    """A command has a limit, a visitor who presses fifty times has none."""
    names = [f"20261123-1502{number:02}-front-a1b2c3.jpg" for number in range(60)]
    for event in _recorded(story, press, *names):
        book.take(event)
    book.delete(press.id)
    found = [name for command, _ in commands.given for name in command.files]
    assert sorted(found) == sorted({*names, PICTURE, CLIP})
    assert all(len(command.files) <= MOST_RECORDINGS for command, _ in commands.given)
    assert all(len(json.dumps(command.to_wire())) < 8192 for command, _ in commands.given)


def test_a_visit_is_gone_when_its_recorder_says_so(book, story, press):
    """Until then it is shown as being deleted. What comes late does not bring it back."""
    book.take(story.recordings_wanted(press, "delete"))
    assert book.visit(press.id).is_deleting
    changed = {"visit": press.id, "action": "delete", "files": [PICTURE, CLIP]}
    book.take(story.handler("recordings.changed", changed, press))
    assert (book.visit(press.id), book.visits()) == (None, [])
    book.take(story.outcome(press, "notify", note="told Anna"))
    for event in _recorded(story, press, PICTURE):
        book.take(event)
    assert (book.visits(), book.reactions(press.id)) == ([], [])


def test_another_recorder_deletes_its_own_files_only(book, story, press):
    """A handler that says what it deleted speaks for what it has recorded."""
    book.take(story.recordings_wanted(press, "delete"))
    changed = {"visit": press.id, "action": "delete", "files": [PICTURE, CLIP]}
    book.take(story.handler("recordings.changed", changed, press, handler="other"))
    assert book.visit(press.id).has_clip


def test_a_visit_without_files_is_gone_at_once(book, story):
    """There is nothing that a recorder could delete."""
    pressed = story.press()
    book.take(pressed)
    book.take(story.recordings_wanted(pressed, "delete"))
    assert book.visits() == []


def test_who_rings_again_after_a_visit_was_deleted_is_seen(book, now_story):
    """It is a new visit. A press that the person who deleted it knew of is none, also if late."""
    story = now_story
    first, late, again = story.press(), story.press(1), story.press(2)
    action = story.recordings_wanted(first, "delete")
    action.data["presses"].append(late.id)
    for event in (first, action, late):
        book.take(event)
    assert book.visits() == []
    book.take(again)
    assert [visit.id for visit in book.ringing()] == [again.id]


def test_a_visit_is_kept_until_it_is_released(book, story, press, state, settings):
    """It stays when others of its age are removed."""
    other = story.press(1000)
    book.take(other)
    book.take(story.recordings_wanted(press, "keep"))
    assert book.visit(press.id).is_kept
    state.clock.ahead_s += settings.web.keep_days * 86_400 + 7200
    state.clock.passed_s += 3600
    book.settle()
    assert [visit.id for visit in book.visits()] == [press.id]
    book.take(story.recordings_wanted(press, "release"))
    state.clock.passed_s += 3600
    book.settle()
    assert book.visits() == []


@pytest.fixture
def neighbour(book, story, press):
    """A visit at another door, in the same clip."""
    pressed = story.press(2, door="garden")
    book.take(pressed)
    shared = {"path": f"/media/{CLIP}", "door": "garden", "presses": [pressed.id]}
    book.take(story.handler("clip.recorded", shared, pressed))
    return pressed


@pytest.fixture
def kept_neighbour(book, story, press, neighbour):
    """Both visits; the neighbour is kept."""
    book.take(story.recordings_wanted(neighbour, "keep"))
    return press, neighbour


@pytest.mark.parametrize("action", ["delete", "release"])
def test_a_clip_that_another_visit_keeps_stays(book, story, kept_neighbour, commands, action):
    """No command names it; the deleted visit is gone as soon as its own files are."""
    press, neighbour = kept_neighbour
    if action == "delete":
        book.delete(press.id)
    else:
        book.keep(press.id, on=False)
    assert [command.files for command, _ in commands.given] == [(PICTURE,)]
    assert book.staying(press.id) == [CLIP]
    book.take(story.recordings_wanted(press, action))
    changed = {"visit": press.id, "action": action, "files": [PICTURE]}
    book.take(story.handler("recordings.changed", changed, press))
    assert (book.visit(press.id) is None) == (action == "delete")
    assert book.visit(neighbour.id).has_clip


def test_a_shared_clip_that_nobody_keeps_is_deleted(book, press, neighbour, commands):
    """The person wants it gone."""
    book.delete(press.id)
    assert CLIP in commands.given[0][0].files


@pytest.mark.parametrize(
    "name", ["cam.jpg", "20261123-150211-Front.jpg", f"20261123-150211-{'x' * 90}.mp4"]
)
def test_a_file_that_no_command_can_name_is_not_waited_for(book, story, press, commands, name):
    """The hub would refuse the whole command. The visit is gone with the files that are named."""
    for event in _recorded(story, press, name):
        book.take(event)
    book.delete(press.id)
    assert sorted(commands.given[0][0].files) == [PICTURE, CLIP]
    assert Recordings.decode(commands.given[0][0].encode()).files == commands.given[0][0].files
    assert book.staying(press.id) == [name]
    book.take(story.recordings_wanted(press, "delete"))
    assert book.visit(press.id).is_deleting
    changed = {"visit": press.id, "action": "delete", "files": [PICTURE, CLIP]}
    book.take(story.handler("recordings.changed", changed, press))
    assert book.visit(press.id) is None


@pytest.mark.parametrize(
    ("handlers", "is_gone"), [(["light"], True), (["light", "record"], False), ([], False)]
)
def test_a_recorder_that_was_removed_is_not_waited_for(book, press, state, handlers, is_gone):
    """One that is only off is; and while the broker has not told who is there, each is."""
    book.take(Story().recordings_wanted(press, "delete"))
    book.handlers = lambda: handlers
    state.clock.passed_s += 3600
    book.settle()
    assert (book.visit(press.id) is None) == is_gone
