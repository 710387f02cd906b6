"""The page's guest book in a real house: nothing is lost or double, and deletes are obeyed late."""

import json
import sqlite3
from contextlib import closing

import pytest

from hub.wire.event import uuid7
from tests.house import House, free_port, until
from tests.servers.secured import SecuredHouse, secured_mosquitto
from tests.system.commands.test_trace_commands import ask

pytestmark = pytest.mark.fault_matrix
LIVE = "heard, not queued"
STEPS = {
    LIVE: "before:hub.consumer.projection:Projection._receive:1",
    "taken, not written": "after:hub.store.inbox.inbox:Inbox.take:1",
    "written, not committed": "after:hub.store.guest_book.entries:Entries.take:1",
    "finished, not committed": "after:hub.store.inbox.inbox:Inbox.finish:1",
    "committed, not told": "after:hub.consumer.projection:Projection._kept:1",
}
RECORD = "[handlers.record]\nclip_s = 1\npreroll_s = 1\n"
PICTURE = "doorbell/handler/record/picture/home/front"


@pytest.fixture
def house(mosquitto, tmp_path):
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = f"{RECORD}[web]\nport = {free_port()}\n"
        house.start("hub")
        yield house


def _book(house, query):
    """What stands in the page's state file."""
    with closing(sqlite3.connect(house.state_dir / "web-home.db")) as db:
        return db.execute(query).fetchall()


def _has(house, presses):
    """Each press is in the book, and is counted once."""

    def counted():
        rows = _book(house, "SELECT key FROM visit_key WHERE key LIKE '%-%'")
        ((count,),) = _book(house, "SELECT COALESCE(SUM(presses), 0) FROM visit")
        return sorted(key for (key,) in rows) == sorted(presses) and count == len(presses)

    until(counted, lambda: f"{len(presses)} presses are counted: {house.log('web')[-2000:]}")


def test_a_page_that_is_killed_anywhere_loses_nothing_and_doubles_nothing(house):
    """Whatever stands between an event and its record, the next process has the event once."""
    presses = [house.press()]
    for name, step in STEPS.items():
        house.start("web", wait=name == LIVE, doom=step)  # the others may die of a missed press
        presses.append(house.press())
        until(lambda: not house.is_running("web"), lambda: f"it dies: {house.log('web')}")
    house.start("web")
    presses.append(house.press())
    _has(house, presses)


def test_what_happened_while_the_page_was_away_is_in_the_book(house):
    """Also on a broker that has kept nothing of it; `doorbell visits` tells it without a page."""
    house.start("web")
    first = house.press()
    _has(house, [first])
    house.kill("web")
    second = house.press()
    shown = ask(house, "visits", "--json")
    assert shown.returncode == 0, shown.stderr
    visit = json.loads(shown.stdout)
    assert (visit["id"], visit["presses"], visit["state"]) == (first, 2, "ringing")
    assert visit["address"].endswith(f"/visits/{first}")
    house.start("web")
    _has(house, [first, second])


def test_a_recorder_that_was_away_deletes_when_it_is_back(house):
    """The command waits in the hub's journal. The picture on the broker goes as well."""
    house.start("web", "record")
    press = house.press()
    until(lambda: house.ears.events("clip.recorded"), lambda: house.log("record"))
    until(
        lambda: _book(house, "SELECT COUNT(*) FROM recording") == [(2,)],
        "picture and clip are known",
    )
    files = [name for (name,) in _book(house, "SELECT name FROM recording")]
    media = house.state_dir / "media"
    assert sorted(files) == sorted(path.name for path in media.iterdir())
    line = ask(house, "visits").stdout
    assert all(str(media / name) in line for name in files)
    house.kill("record")
    action = {"id": uuid7(), "visit": press, "action": "delete", "files": files}
    topic = "doorbell/web/home/command/recordings/home/front"
    house.ears.publish(topic, json.dumps(action))
    until(lambda: _book(house, "SELECT fate FROM visit") == [("deleting",)], "it is being deleted")
    house.start("record")
    until(lambda: _book(house, "SELECT fate FROM visit") == [("deleted",)], "it is deleted")
    assert not list(media.iterdir())
    assert ask(house, "visits").stdout == ""
    until(
        lambda: [load for at, load, _ in list(house.ears.heard) if at == PICTURE][-1] == b"",
        "the picture on the broker is cleared",
    )


def test_the_page_may_query_under_the_access_control_list(mosquitto_program, tmp_path):
    """What `doorbell secure` grants is enough: live events, and those that it missed."""
    users = ["handler-visit", "hub-home", "web-home"]
    with (
        secured_mosquitto(mosquitto_program, tmp_path, users) as broker,
        SecuredHouse(tmp_path / "house", broker) as house,
    ):
        house.settings = f"[web]\nport = {free_port()}\n"
        house.start("hub", "visit", "web")
        first = house.press()
        _has(house, [first])
        house.kill("web")
        second = house.press()
        house.start("web")
        _has(house, [first, second])
        until(lambda: _book(house, "SELECT * FROM reaction"), "it has what `visit` did")
