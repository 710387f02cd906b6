"""A handler whose state file cannot be opened says so where people look: in its status."""

import os
import sqlite3
from contextlib import closing

import pytest

from tests.house import House, until


@pytest.fixture
def one(house: House) -> House:
    """A house with a handler that has a state file, and runs."""
    house.write_handler("one", "done(event)")
    house.start("one")
    return house


def test_a_file_of_a_newer_doorbell_is_told(one: House):
    """The retained status says why it does not run, and not that it vanished."""
    one.kill("one")
    with closing(sqlite3.connect(one.state_dir / "one.db")) as db:
        db.execute("PRAGMA user_version = 999")
    one.start("one", wait=False)
    assert one.processes["one"].wait() == os.EX_TEMPFAIL
    until(
        lambda: any("Update this one" in told["detail"] for told in one.statuses("one", "failed")),
        lambda: str(one.statuses("one", "failed")),
    )
    until(lambda: _kept(one)["state"] == "failed", lambda: str(_kept(one)))


def test_a_second_process_of_a_name_leaves_the_first_its_connection(one: House):
    """Both have the id of one connection: it ends before it connects, and the first reacts on."""
    one.start("hub")
    first = one.processes.pop("one")
    one.start("one", wait=False)
    second = one.processes.pop("one")
    one.processes["one"] = first
    assert second.wait() == os.EX_TEMPFAIL
    assert "one.db: in use: one runs already" in one.log("one")
    one.wait_outcome(one.press(), "one")
    assert one.log("one").count("connected to the broker") == 1
    assert (_kept(one)["pid"], _kept(one)["state"]) == (first.pid, "ready")


def _kept(house: House) -> dict[str, object]:
    """The status that the broker keeps."""
    ears = house.listen()
    try:
        return until(lambda: ears.messages("doorbell/handler/one/status"), "one is kept")[0]
    finally:
        ears.close()
