"""`doorbell visits` where each process has a state folder of its own."""

import json
import sqlite3
from contextlib import closing

import pytest

from hub.cli.history.visits import visits
from hub.producer.producer import Producer
from hub.store.guest_book import tables
from hub.store.own_folders import MARK
from hub.store.state import State
from tests.hub.fakes import HUB, ring


@pytest.fixture
def made(monkeypatch):
    """The books in memory that were made."""
    books = []
    make = tables.in_memory
    monkeypatch.setattr(tables, "in_memory", lambda: books.append(make()) or books[-1])
    return books


def test_visits_are_found_in_the_folder_of_each_process(tmp_path, net, capsys, made):
    """The hub's journal lies in its own folder; nothing of it is in the house's."""
    (tmp_path / MARK).touch()
    (tmp_path / "hub").mkdir()
    config = tmp_path / "doorbell.toml"
    config.write_text(f'state_dir = "{tmp_path}"\n')
    with closing(State(tmp_path / "hub" / "hub-home.db")) as state:
        press = ring(Producer(state, net.bus(), HUB))
    visits(as_json=True, config=config)
    assert json.loads(capsys.readouterr().out)["id"] == press.id
    assert made
    for book in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            book.execute("SELECT 1")
