"""Changes single settings in a TOML file, and keeps its comments, order and everything else."""

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import config

Changes = Mapping[tuple[str, ...], Any]


def amended(text: str, changes: Changes, wanted: Mapping[str, Any]) -> str | None:
    """The text with the changes in it.

    Several ways are tried: some keep the comments in better places than others, and not every way
    is right for every file.

    Args:
        text: What the file says now.
        changes: Each place and its new value; None leaves a setting out.
        wanted: What the result must say when it is read.

    Returns:
        The new text; None where no way is right.
    """
    import tomlkit  # noqa: PLC0415 - needed once, at the end

    texts = (_with_lines(text, changes), text)
    makes: tuple[Any, ...] = (tomlkit.table, tomlkit.inline_table)  # the latter for dotted keys
    for old, make, assign in itertools.product(texts, makes, (_amend, set_value)):
        document: Any = tomlkit.parse(old)
        for keys, value in changes.items():
            put(document, keys, deepcopy(value), make, assign)
        with suppress(tomllib.TOMLDecodeError):
            new = tomlkit.dumps(document)
            if tomllib.loads(new) == wanted:
                return new
    return None


def put(table: Any, keys: tuple[str, ...], value: Any, make: Any, assign: Any) -> None:
    """Set one value below a table; None removes it.

    Args:
        table: The outermost table.
        keys: The way to the value.
        value: The value.
        make: Makes a table that is missing on the way.
        assign: Sets a value in the last table.
    """
    *way, last = keys
    for key in way:
        if key not in table:
            if value is None:
                return
            table[key] = make()
        table = table[key]
    if value is not None:
        assign(table, last, value)
    elif table.get(last) is not True:  # `enabled = true` stays, perhaps with a person's reason
        table.pop(last, None)


def set_value(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Set it as it is."""
    table[key] = value


def no_tables(here: Any, wanted: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """The places where a table is wanted and something else stands."""
    if not isinstance(here, Mapping):
        yield place
        return
    for key, value in here.items():
        below = wanted.get(key, wanted.get("*"))
        if below is not None:
            yield from no_tables(value, below, f"{place}.{key}".lstrip("."))


def _amend(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Change a list item by item, which keeps the comments between them."""
    known = table.get(key)
    if not (isinstance(known, list) and isinstance(value, list)):
        table[key] = value
        return
    for item in [item for item in known if item not in value]:
        known.remove(item)
    known.extend(item for item in value if item not in known)


def _with_lines(text: str, changes: Changes) -> str:
    """With a line for each new key of a table that has its header.

    tomlkit would put it at the table's end, which may be behind the example of another table.
    """
    lines = text.splitlines(keepends=True)
    old = tomllib.loads(text)
    for keys, value in reversed([*changes.items()]):
        if value is not None and not _is_set(old, keys):
            _insert_line(lines, keys, value)
    return "".join(lines)


def _is_set(table: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table is not None


def _insert_line(lines: list[str], keys: tuple[str, ...], value: Any) -> None:
    """In place of the setting's own commented example, else right below the table's header."""
    import tomlkit  # noqa: PLC0415

    *way, key = keys
    header = re.compile(rf"\[{re.escape('.'.join(way))}\]")
    headers = [number for number, line in enumerate(lines) if header.match(line)]
    if len(headers) != 1:
        return
    first = headers[0] + 1
    item = f"{key} = {tomlkit.item(value).as_string()}"
    example = re.compile(rf"# ?{re.escape(key)} = .*?(?P<comment>\s{{2,}}#.*)?$")
    for number in range(first, len(lines)):
        line = lines[number]
        if line.startswith(("[", "# [")):
            break  # the next table, or the example of one
        found = example.match(line)
        if found and line.rstrip("\n") in _shipped_lines():
            lines[number] = f"{item}{found['comment'] or ''}\n"
            return
    lines[first - 1] = lines[first - 1].rstrip("\n") + "\n"
    lines.insert(first, f"{item}\n")


@cache
def _shipped_lines() -> frozenset[str]:
    """The lines of the files that come with doorbell: any other line is a person's, and stays."""
    folder = Path(config.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.toml")]
    return frozenset(line for text in texts for line in text.splitlines())
