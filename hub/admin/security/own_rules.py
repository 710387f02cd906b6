"""Reads acl.own, the rights that a person adds: one line that mosquitto cannot read stops it."""

from collections.abc import Iterator
from pathlib import Path

from config import SettingsError
from config.faults import suggest
from config.toml.toml_file import MOST_FAULTS, decode

WORDS = ("user", "topic", "pattern")
ACCESS = ("read", "write", "readwrite", "deny")
BLANKS = " \t\r\v\f"  # what mosquitto removes at the end of a line
LONGEST = 65_535  # bytes of a topic: MQTT 5.0, 4.7.3


def read(path: Path) -> str:
    """The lines of acl.own, each of which is as mosquitto.conf(5) has it under acl_file.

    Raises:
        SettingsError: one is not; each fault names the line and says what to write.
        OSError: the file cannot be read.
    """
    text = decode(path.read_bytes(), str(path))
    faults = [f"{path}: {fault}." for fault in _faults(text)]
    if faults:
        raise SettingsError(faults[:MOST_FAULTS])
    return text


def _faults(text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        if fault := _fault_in(line.rstrip(BLANKS)):
            yield f"line {number}: {fault}"


def _fault_in(line: str) -> str | None:
    """What is wrong with a line, and what to write; None when mosquitto takes it."""
    if "\0" in line:
        return "it has zero bytes, so the file is damaged, as after a power cut. Restore it"
    if not line or line.startswith("#"):
        return None
    word, _, rest = line.lstrip(" ").partition(" ")
    rest = rest.strip(" ")
    if word not in WORDS:
        return _fault_in_word(word)
    if not rest:
        return f"{word} has nothing behind it. Write it like {_like(word)}"
    return None if word == "user" else _fault_in_right(rest, word)


def _fault_in_word(word: str) -> str:
    """Likewise, of a first word that is none."""
    if word.startswith("#"):
        return "a note has nothing before its #. Remove the blanks"
    if "\t" in word:
        return "it has a tab. Write blanks"
    hint = suggest(word.lower(), WORDS)
    return f"{word!r}: a line begins with user, topic, pattern, or # before a note.{hint}"


def _fault_in_right(right: str, word: str) -> str | None:
    """Likewise, of what follows `topic` or `pattern`: an access, which may be left out, a topic."""
    access, _, topic = right.partition(" ")
    if topic and access not in ACCESS:
        return f"{access!r}: no access. Write {word} with read, write, readwrite or deny behind it"
    topic = topic.strip(" ") or access
    if " #" in topic:
        return "a note needs a line of its own"
    levels = topic.split("/")
    if any(len(level) > 1 and ("+" in level or "#" in level) for level in levels):
        return f"{topic!r}: + and # stand alone between slashes"
    if "#" in levels[:-1]:
        return f"{topic!r}: # stands at the end only"
    if len(topic.encode()) > LONGEST:
        return f"a topic of more than {LONGEST} bytes"
    return None


def _like(word: str) -> str:
    return "user zigbee2mqtt" if word == "user" else f"{word} read zigbee2mqtt/porch"
