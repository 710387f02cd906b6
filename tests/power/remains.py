"""What a power cut left: the disk as it was, read on another machine."""

import json
import shutil
import sqlite3
import subprocess
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system.faults.ledger import PRESSED, Books, read_books

OURS = ("hub-home", "repeat", "careful", "fresh")
PREENED = (0, 1)  # e2fsck(8): no errors, or what its journal settles


@dataclass
class Remains:
    """What is on the disk.

    Attributes:
        books: What each state file says, by its name.
        faults: What is damaged.
    """

    books: dict[str, Books] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def events(self) -> dict[str, dict[str, Any]]:
        """All events in all journals, by id."""
        return {event["id"]: event for books in self.books.values() for event, _ in books.said}

    @property
    def presses(self) -> set[str]:
        """The ids of the presses in the hub's journal."""
        said = self.books["hub-home"].said if "hub-home" in self.books else []
        return {event["id"] for event, _ in said if event["type"] == PRESSED}


def read_remains(image: Path, folder: Path) -> Remains:
    """Repair a copy of the disk as the next boot does, check it, and read the state files.

    Args:
        image: The disk, with no machine on it.
        folder: Where to put the copy.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copy = folder / "disk.img"
    shutil.copy(image, copy)
    remains = Remains()
    preened = subprocess.run(["e2fsck", "-p", copy], capture_output=True, text=True, check=False)
    checked = subprocess.run(["e2fsck", "-fn", copy], capture_output=True, text=True, check=False)
    if preened.returncode not in PREENED or checked.returncode:
        remains.faults.append(f"the file system: {preened.stdout} {checked.stdout}")
    subprocess.run(
        ["debugfs", "-R", f"rdump /state {folder}", copy], capture_output=True, check=True
    )
    for name in OURS:
        path = folder / "state" / f"{name}.db"
        try:
            if path.exists():
                remains.books[name] = read_books(path)
        except (sqlite3.Error, json.JSONDecodeError) as error:
            remains.faults.append(f"{name}: cannot be read: {error}")
    for path in (folder / "state").glob("*.db"):
        remains.faults += _faults_of(path)
    remains.faults += [
        f"{name}: {fault}" for name, books in remains.books.items() for fault in _gaps(books)
    ]
    return remains


def _faults_of(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(path)) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check")]
    except sqlite3.Error as error:
        found = [str(error)]
    return [] if found == ["ok"] else [f"{path.name}: {found}"]


def _gaps(books: Books) -> list[str]:
    """Numbers that are missing in a journal, or stand in it twice."""
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event, _ in books.said:
        stream = f"{event['source']} {event['type']} {event['subject']}"
        numbers[stream, event["epoch"]].append(int(event["sequence"]))
    return [
        f"{stream} is numbered {found}, and its head is {books.heads.get((stream, epoch))}"
        for (stream, epoch), found in numbers.items()
        if found != list(range(1, books.heads.get((stream, epoch), 0) + 1))
    ]
