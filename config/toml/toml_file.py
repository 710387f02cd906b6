"""Reads a TOML file as people save it, and says in plain words why it cannot be read."""

import codecs
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.faults import SettingsError
from config.reading.depth import TOO_DEEP, too_deep
from config.toml.advice import SAVE_AS, advice, advice_in_list, advice_on_open
from config.toml.entries import Entry, entries, lines_of

MOST_FAULTS = 20  # that are told of one file
ENCODINGS = (  # the byte order marks of Unicode 16, section 23.8
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # it begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WITHOUT_MARK = {1: "utf-16-le", 0: "utf-16-be"}  # where the first character has its zero byte
PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
BRACE = re.compile(r"=\s*\{")
LINE_END = re.compile("\r+\n|\r")  # of Windows, maybe twice; of old Macs
SIGNS = re.compile(r"[^\d\[{.]")
MOST_BYTES = 1_000_000
TOO_LONG = "the number is too long. Write a smaller one"


@dataclass(frozen=True)
class TomlText:
    """What a TOML text says, as far as it can be read.

    Attributes:
        text: The text.
        table: Its tables and keys; None where so much is faulty that nothing is certain.
        faults: One line for each fault: its line, and what to write.
        lost: The keys that these faults have cost.
    """

    text: str
    table: dict[str, Any] | None
    faults: list[str]
    lost: list[tuple[str, ...]] = field(default_factory=list)


def read(path: Path, text_in: Path | None = None) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: The file, as faults name it.
        text_in: Where its text is now, if it is not in place yet.

    Raises:
        SettingsError: It cannot be read; each fault names the line and says what to write.
    """
    return parse(read_text(path, text_in), path.name)


def read_text(path: Path, text_in: Path | None = None) -> str:
    """The text of a settings file; see `read`.

    Raises:
        SettingsError: It cannot be read, or is no text.
    """
    try:
        with (text_in or path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        hint = " Use sudo." if isinstance(error, PermissionError) else ""
        raise SettingsError([f"{path.name}: cannot be read: {error.strerror}.{hint}"]) from None
    if len(content) > MOST_BYTES:
        hint = "A settings file is much smaller: is it another file?"
        raise SettingsError([f"{path.name}: it is larger than {MOST_BYTES:,} bytes. {hint}"])
    return decode(content, path.name)


def parse(text: str, name: str) -> dict[str, Any]:
    """Read TOML.

    Args:
        text: What a file holds.
        name: Its name, for the faults.

    Raises:
        SettingsError: It is not TOML; each fault names the line and says what to write.
    """
    found = look(text)
    if found.faults or found.table is None:
        raise SettingsError([f"{name}: {fault}" for fault in found.faults])
    return found.table


def look(text: str) -> TomlText:
    """Read TOML as far as it can be read: a faulty entry is left out to find the next fault."""
    lines = text.split("\n")
    faults: list[str] = []
    left_out: list[Entry] = []
    for _ in range(MOST_FAULTS):
        table, words = _loaded("\n".join(lines))
        if table is not None:
            return _found(table, faults, left_out, text)
        entry, number = _place(words, lines)
        place = f"line {number}: " + (f"[{entry.table}] " if entry.table else "")
        faults.append(f"{place}{_advice(words, lines, entry, number)}.")
        left_out.append(entry)
        lines[entry.first - 1 : entry.last] = [""] * (entry.last - entry.first + 1)
    return TomlText(text, None, faults)


def decode(content: bytes, name: str) -> str:
    """The text of a file, whichever Unicode encoding it was saved in, with single line feeds.

    Args:
        content: Its bytes.
        name: Its name, for the faults.

    Raises:
        SettingsError: It is not Unicode; the fault names the line.
    """
    mark, encoding = next((one for one in ENCODINGS if content.startswith(one[0])), (b"", "utf-8"))
    if not mark and len(content) > 1 and content[:2].count(0) == 1:
        encoding = WITHOUT_MARK[content.index(0)]
    try:
        return LINE_END.sub("\n", content[len(mark) :].decode(encoding))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError([f"{name}: line {line}: a letter is not UTF-8. {SAVE_AS}."]) from None


def _loaded(text: str) -> tuple[dict[str, Any] | None, str]:
    """What a text says, or the words of `tomllib` about its first fault."""
    try:
        return tomllib.loads(text), ""
    except (ValueError, RecursionError) as error:
        return None, str(error)


def _found(table: dict[str, Any], faults: list[str], left_out: list[Entry], text: str) -> TomlText:
    if path := too_deep(table):
        number = lines_of(text).get(path[:1])
        place = f"line {number}: " if number else ""
        return TomlText(text, None, [*faults, f"{place}{path[0][:40]}: {TOO_DEEP}."])
    # Of what table are the keys below a faulty name? And what is a file of faults only?
    if any(entry.is_header for entry in left_out) or (left_out and not table):
        return TomlText(text, None, faults)
    first = lines_of(text) if left_out else {}
    lost = [one.path for one in left_out if one.path and first[one.path] == one.first]
    return TomlText(text, table, faults, lost)


def _place(words: str, lines: list[str]) -> tuple[Entry, int]:
    """The entry that has a fault, and its line; something without an end is the first suspect."""
    number = _line_of(words, lines)
    for entry in entries(lines):
        if entry.opened and entry.first <= number:
            return entry, entry.first
        if entry.first <= number <= entry.last:
            return entry, number
    return Entry(number, number, None, is_header=True), number


def _line_of(words: str, lines: list[str]) -> int:
    """The line of a fault; the last one that is not empty where it shows at the end."""
    if not (place := PLACE.search(words)):
        lengths = [len(SIGNS.sub("", line)) for line in lines]  # too many digits, or brackets
        return lengths.index(max(lengths)) + 1
    if place[1] and lines[int(place[1]) - 1].strip():
        return int(place[1])
    return max((n for n, line in enumerate(lines, 1) if line.strip()), default=1)


def _advice(words: str, lines: list[str], entry: Entry, number: int) -> str:
    """What to write in place of an entry."""
    first = lines[entry.first - 1]
    whole = ".".join(entry.path or ())
    if not PLACE.search(words):
        key = whole.removeprefix(f"{entry.table}.")[:40]
        return f"{key}: {TOO_LONG if 'digits' in words else TOO_DEEP}"
    if entry.opened:
        return advice_on_open(first, entry.opened, whole, is_closed=False)
    if entry.last > entry.first and BRACE.search(first):
        return advice_on_open(first, "{", whole, is_closed=True)
    if number > entry.first:
        return advice_in_list(lines[number - 1], lines[number - 2])
    return advice(lines[number - 1], words)
