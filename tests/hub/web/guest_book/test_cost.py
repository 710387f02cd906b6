"""What the guest book writes for a press, counted in SQLite's own log."""

import threading
from pathlib import Path

import pytest

from hub.consumer.projection import Projection
from hub.store.file.schema import PAGE_BYTES
from hub.web.guest_book.book import GuestBook
from hub.wire import topics
from hub.wire.event import encode
from tests.house import until
from tests.hub.fakes import HOUSE
from tests.hub.web.conftest import after_the_story

HEADER_BYTES = 32  # https://sqlite.org/fileformat2.html#the_write_ahead_log
FRAME_BYTES = 24
MOST_COMMITS = 3
MOST_KIB = 60


def _visit(story):
    """A press, and what five handlers make of it within a moment."""
    press = story.press()
    picture = story.handler("snapshot.taken", {"path": "/media/a.jpg"}, press)
    sent = story.handler("notification.sent", {"press": press.id}, press, handler="notify")
    for handler in ("light", "bark", "record", "notify", "visit"):
        story.outcome(press, handler, note="what it did, in a few words", took_ms=12.5)
    story.outcome(picture, "notify", note="the picture was sent")
    story.handler("visit.started", {"visit": press.id, "presses": 1}, press, handler="visit")
    return press, sent


@pytest.fixture
def running(settings, states, net, commands):
    """A guest book whose inbox listens."""
    state = after_the_story(states("web-home"))
    book = GuestBook(settings, state, commands)
    projection = Projection(
        topics.source("web", "home"),
        state=state,
        bus=net.bus(),
        keep=book.enter,
        on_kept=book.settle,
        since_s=0,
    )
    thread = threading.Thread(target=projection.run)
    thread.start()
    yield book
    projection.stop()
    thread.join()


def test_a_press_costs_few_commits_and_few_bytes(running, net, story, tmp_path):
    """What comes within a tenth of a second shares a commit, and each page is written once."""
    log = tmp_path / "web-home.db-wal"
    press, _ = _visit(story)
    before = _frames(log)
    for event in story.told:
        net.take(HOUSE.of_event(event), encode(event))
    until(lambda: len(running.reactions(press.id)) == 6, "all of it is in the book")
    frames = _frames(log)[len(before) :]
    assert sum(frames) <= MOST_COMMITS
    assert len(frames) * (PAGE_BYTES + FRAME_BYTES) <= MOST_KIB * 1024


def _frames(log: Path) -> list[bool]:
    """The pages in a write-ahead log, in order: whether a commit ends with each."""
    text = log.read_bytes()[HEADER_BYTES:]
    size = PAGE_BYTES + FRAME_BYTES
    starts = range(0, len(text) - size + 1, size)
    return [text[start + 4 : start + 8] != bytes(4) for start in starts]
