"""`doorbell check`: an event type that nothing publishes is told."""

import pytest

from config import Settings
from hub.admin.check.house import check

FILE = """
from hub import emit, handler

KIND = "garden.watered"

@handler("{kind}")
def wave(event, config):
    emit("gate.opened")
"""


@pytest.fixture
def report(tmp_path):
    """What is said of a house with a handler that reacts to this."""

    def of(kind, **more):
        folder = tmp_path / "handlers"
        folder.mkdir()
        (folder / "wave.py").write_text(FILE.format(kind=kind))
        doors = {"front": {}}
        settings = Settings(handlers_dir=folder, state_dir=tmp_path / "state", doors=doors, **more)
        return check(settings, tmp_path / "doorbell.toml")

    return of


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("doorbell.presed", "doorbell.pressed"),
        ("visitor.answer", "visitor.answered"),
        ("clock.sunsett", "clock.sunset"),
        ("handler.died", "handler.dead"),
        ("dorbell.pressed", "doorbell.pressed"),
        ("doorbel.pressed", "doorbell.pressed"),
        ("door_bell.pressed", "doorbell.pressed"),
        ("clok.sunset", "clock.sunset"),
        ("clok.tea_time", "clock.tea_time"),
        ("visiter.answred", "visitor.answered"),
    ],
)
def test_a_type_that_the_hub_does_not_publish_is_a_fault(report, kind, meant):
    """With the type that is likely meant, also for a typing error in the first word."""
    found = report(kind, clock={"at": {"tea-time": "16:00"}})
    assert found.faults == [
        f"wave.py: @handler(\"{kind}\"): the hub publishes no such event. Did you mean '{meant}'?"
    ]
    assert found.hints == []


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("clip.recorde", "Did you mean 'clip.recorded'?"),
        ("gate.opend", "Did you mean 'gate.opened'?"),
        ("bell.pressd", "Did you mean 'doorbell.pressed'?"),
        ("lock.turned", "It waits for a handler on another machine."),
        ("post.arrived", "It waits for a handler on another machine."),
    ],
)
def test_a_type_that_no_file_emits_is_a_hint_only(report, kind, hint):
    """A handler on another machine may emit it."""
    found = report(kind)
    assert found.hints == [f"wave: no handler file here emits {kind}. {hint}"]
    assert found.faults == []


@pytest.mark.parametrize(
    "kind",
    ["*", "doorbell.stuck", "clock.tea_time", "clip.recorded", "gate.opened", "garden.watered"],
)
def test_a_type_that_is_published_is_not_told(report, kind):
    """By the hub, by a time of `[clock.at]`, by a shipped handler, by one's own."""
    found = report(kind, clock={"at": {"tea-time": "16:00"}})
    assert (found.faults, found.hints) == ([], [])
