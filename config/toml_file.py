"""Reads a TOML file as people save it, and says in plain words why it cannot be read."""

import codecs
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.faults import SettingsError

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
KEY = r"^\s*(?P<key>[\w.\"-]+)\s*"
OPEN = re.compile(r"=\s*\[[^\]=]*\n[^\]]*\Z")  # the text ends within a list of several lines
CURLY = re.compile("[\u2018-\u201f\u00ab\u00bb]")
BLANK = re.compile("[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
# What stands in a line that cannot be read, and what to write instead. The line itself is not
# shown: it may hold a password.
ADVICE = (
    (
        re.compile("\0"),
        "it has zero bytes, so the file is damaged, as after a power cut. Restore it from a backup",
    ),
    (re.compile(r"^\s*\[[^\]]*$"), "the name of a table ends with a bracket. Write [name]"),
    (
        re.compile(r"^\s*\[[^\]]*\]\s*[\w\"]"),
        "the keys of a table stand in the lines below its name, one in a line",
    ),
    (re.compile(r"^\s*\[.*\]"), "not the name of a table. Write [name], with no blanks in it"),
    (re.compile(KEY + r"=\s*(?:#|$)"), "{key} has no value. Write one, or leave {key} out"),
    (re.compile(KEY + r":"), 'write "=" between a key and its value: {key} = …'),
    (re.compile(KEY + r"=\s*24:00"), "{key}: a day ends at 23:59:59. For midnight write 00:00:00"),
    (
        re.compile(KEY + r"=\s*\d\d?[:.]\d\d?(?::\d\d?)?\b"),
        "{key}: not a time. Write it like 07:30:00",
    ),
    (re.compile(KEY + r"=\s*\d+,\d+\s*(?:#|$)"), "{key}: not a number. Write it like 2.5"),
    (re.compile(KEY + r"=\s*0\d+\s*(?:#|$)"), "{key}: write the number without a 0 before it"),
    (
        re.compile(KEY + r"=\s*(?:yes|no|on|off|true|false)\s*(?:#|$)", re.IGNORECASE),
        "{key}: write true or false, in small letters",
    ),
    (
        re.compile(KEY + r"=\s*(?:null|none|nil)\s*(?:#|$)", re.IGNORECASE),
        "{key}: TOML has no empty value. Leave {key} out",
    ),
    (
        re.compile(KEY + r"=\s*\"[^\"']*\\"),
        "{key}: in double quotes a backslash has a meaning of its own. Write {key} = '…'",
    ),
    (
        re.compile(KEY + r"=\s*(\"[^\"]*|'[^']*)$"),
        '{key}: the text has no quote at its end. Write {key} = "…"',
    ),
    (
        re.compile(KEY + r"=\s*[^\s\"'\[{\d+-]"),
        '{key}: text needs quotes. Write {key} = "…"',
    ),
    (
        re.compile(KEY + r"=\s*(\"[^\"]*\"|'[^']*')\s*[^\s#]"),
        "{key}: something follows the text. Write one setting a line, and '…' around double quotes",
    ),
    (re.compile(KEY + r"=\s*\["), '{key}: not a list. Write it like {key} = ["one", "two"]'),
    (re.compile(KEY + r"="), '{key}: not a value. Put text in quotes, like {key} = "…"'),
    (re.compile(r"^[^=]*[\],]\s*(?:#|$)"), 'text in a list needs quotes, like "one"'),
    (re.compile(r""), "not a setting. Write key = value, or # before a note"),
)


def read(path: Path, text_in: Path | None = None) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: The file, as faults name it.
        text_in: Where its text is now, if it is not in place yet.

    Raises:
        SettingsError: It cannot be read; each fault names the line and says what to write.
    """
    try:
        content = (text_in or path).read_bytes()
    except OSError as error:
        raise SettingsError([f"{path.name}: cannot be read: {error.strerror}."]) from None
    return parse(decode(content, path.name), path.name)


def parse(text: str, name: str) -> dict[str, Any]:
    """Read TOML.

    Args:
        text: What a file holds.
        name: Its name, for the faults.

    Raises:
        SettingsError: It is not TOML; each fault names the line and says what to write.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise SettingsError([f"{name}: {fault}." for fault in _faults(text)]) from None


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
        return content[len(mark) :].decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "Save the file as UTF-8 (Notepad: Save as, Encoding: UTF-8)"
        raise SettingsError([f"{name}: line {line}: a letter is not UTF-8. {hint}."]) from None


def _faults(text: str) -> Iterator[str]:
    """A fault for each line that cannot be read: a faulty one is left out to find the next."""
    lines = text.split("\n")
    for _ in range(MOST_FAULTS):
        try:
            tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            number = _line_of(error)
            if number is None or not lines[number - 1].strip():
                yield _at_the_end(str(error), lines)
                return
            yield f"line {number}: {_advice(str(error), lines, number)}"
            if OPEN.search("\n".join(lines[:number])):
                return  # it is within a list: without it nothing behind it can be read
            lines[number - 1] = ""
        else:
            return


def _line_of(error: tomllib.TOMLDecodeError) -> int | None:
    """The line of a fault; None where it shows at the end of the text."""
    place = PLACE.search(str(error))
    return int(place[1]) if place and place[1] else None


def _at_the_end(words: str, lines: list[str]) -> str:
    """What to say of a fault that shows at the end: the last line has it, or a bracket is open."""
    number = max((n for n, line in enumerate(lines, 1) if line.strip()), default=1)
    for opened in ("array", "inline table"):
        if f"Unclosed {opened}" in words:
            return "a list or table is not closed. Look for a bracket without its other half"
    return f"line {number}: {_advice(words, lines, number)}"


def _advice(words: str, lines: list[str], number: int) -> str:
    """What to write in place of a line."""
    line = lines[number - 1]
    is_open = line.lstrip().startswith("[") and "]" not in line
    if not is_open and ("twice" in words or "overwrite" in words or "immutable" in words):
        return f"{_named(line)} is set above already. Leave one of them"
    if CURLY.search(line):
        return 'it has curly quotes. Write straight ones: "'
    if BLANK.search(line):
        return (
            "it has a special blank, as web pages and word processors have them. Write a plain one"
        )
    for pattern, advice in ADVICE:
        if found := pattern.search(line):
            return advice.format(key=found.groupdict().get("key", ""))
    return words  # the last pattern is in every line


def _named(line: str) -> str:
    """The key or table that a line sets."""
    if line.lstrip().startswith("["):
        return line.strip().partition("#")[0].strip()
    return line.partition("=")[0].strip()
