"""Where each table and key of a TOML text stands, even if the text cannot be read as TOML."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Path = tuple[str, ...]
PART = r"(?:[\w-]+|\"[^\"]*\"|'[^']*')"
NAME = rf"{PART}(?:\s*\.\s*{PART})*"
HEADER = re.compile(rf"\s*\[\[?\s*({NAME})\s*\]")
MEANT_AS_HEADER = re.compile(r"\s*(\[|[\w.\"-]+\]\s*(#.*)?$)")
KEY = re.compile(rf"\s*({NAME})\s*=")
BROKEN_KEY = re.compile(rf"\s*({NAME})\s*(?=[=:])")
NEW_TABLE = re.compile(r"\s*\[\[?[A-Za-z][\w.\"-]*\]\]?\s*(#.*)?$")
NEW_KEY = re.compile(r"\s*[\w.-]+\s*=")
TOKEN = re.compile(r"\"\"\"|'''|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[#\"'\[\]{}]")
PAIRS = {"]": "[", "}": "{"}


class Entry(NamedTuple):
    """The lines of a table's name, of one setting, or of something that is neither.

    Attributes:
        first: Its first line, from 1.
        last: Its last line.
        path: The table or key with all tables above it; None where the line names none.
        is_header: Whether it is, or was meant as, the name of a table.
        opened: What has no end in it: `[`, `{`, or three quotes. Empty if nothing.
    """

    first: int
    last: int
    path: Path | None
    is_header: bool = False
    opened: str = ""

    @property
    def table(self) -> str:
        """The table that a key is in; empty if in none, or if that is not known."""
        return "" if self.is_header else ".".join((self.path or ())[:-1])


def entries(lines: Sequence[str]) -> Iterator[Entry]:
    """All entries of a text, in its order; each line belongs to one."""
    table: Path = ()
    number = 1
    while number <= len(lines):
        line = lines[number - 1]
        if MEANT_AS_HEADER.match(line):
            header = HEADER.match(line)
            table = _parts(header[1]) if header else ()
            yield Entry(number, number, table or None, is_header=True)
        else:
            key = BROKEN_KEY.match(line)
            last, opened = _end(lines, number) if KEY.match(line) else (number, "")
            yield Entry(number, last, (*table, *_parts(key[1])) if key else None, opened=opened)
            number = last
        number += 1


def lines_of(text: str) -> Mapping[Path, int]:
    """The line, from 1, in which each table or key is first set."""
    found: dict[Path, int] = {}
    for entry in entries(text.split("\n")):
        for end in range(1, len(entry.path or ()) + 1):
            found.setdefault((entry.path or ())[:end], entry.first)
    return found


def _parts(name: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(PART, name))


def _end(lines: Sequence[str], first: int) -> tuple[int, str]:
    """The last line of the setting that begins in a line, and what is still open there."""
    opened: list[str] = []
    for number in range(first, len(lines) + 1):
        line = lines[number - 1]
        if number > first and _starts_anew(line, opened):
            return number - 1, opened[0]
        _follow(line, opened)
        if not opened:
            return number, ""
    return (first if _is_text(opened[0]) else len(lines)), opened[0]


def _starts_anew(line: str, opened: Sequence[str]) -> bool:
    """Whether a line cannot be within what is open: that was not closed."""
    if _is_text(opened[-1]):
        return False
    return bool(NEW_TABLE.match(line) or ("{" not in opened and NEW_KEY.match(line)))


def _is_text(sign: str) -> bool:
    return len(sign) > 1


def _follow(line: str, opened: list[str]) -> None:
    """Open and close what a line opens and closes."""
    place = 0
    while place < len(line):
        if opened and _is_text(opened[-1]):
            end = line.find(opened[-1], place)
            if end < 0:
                return
            place = end + len(opened.pop())
            continue
        token = TOKEN.search(line, place)
        if token is None or token[0] in ("#", '"', "'"):
            return
        place = token.end()
        if token[0] in ("[", "{", '"""', "'''"):
            opened.append(token[0])
        elif opened and PAIRS.get(token[0]) == opened[-1]:
            opened.pop()
