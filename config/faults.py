"""Faults in settings, in words that help: where, what, and what to do; all of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ValidationError

from config.fault_words import words
from config.reading.variables import setter_below, setter_of
from config.shorthand import model_in, values_of_names

if TYPE_CHECKING:
    from config.model import Settings

Path = tuple[str, ...]
MOVED = {
    "quiet_from": "it applies to the whole house now. Set begin and end in [quiet].",
    "quiet_to": "it applies to the whole house now. Set begin and end in [quiet].",
    "told_by": "it is called notified_by now.",
}


class SettingsError(ValueError):
    """The settings cannot be used.

    Attributes:
        faults: One line for each fault.
        usable: The settings without the faulty tables, so that these can be checked, too.
    """

    def __init__(self, faults: Sequence[str], usable: "Settings | None" = None) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)
        self.usable = usable


class Fault(NamedTuple):
    """A fault in the settings.

    Attributes:
        path: The key, or the table, with all tables above it.
        words: What is wrong with it, and what to do; empty where `cause` says it.
        cause: What pydantic says, without the value.
        needs: Other keys that it is about.
    """

    path: Path
    words: str
    cause: Mapping[str, Any] = {}
    needs: tuple[Path, ...] = ()


class CrossFaultsError(ValueError):
    """Tables of the settings do not fit each other.

    Attributes:
        faults: All of them.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{_key(one.path)}{one.words}" for one in faults))
        self.faults = tuple(faults)


def faults_in(error: ValidationError) -> list[Fault]:
    """All faults that pydantic has found, and those between tables."""
    found: list[Fault] = []
    for one in error.errors(include_url=False):
        raised = one.get("ctx", {}).get("error")
        if isinstance(raised, CrossFaultsError):
            found += raised.faults
        else:
            found.append(Fault(tuple(map(str, one["loc"])), "", dict(one)))
    return found


def describe(
    error: ValidationError,
    model: type[BaseModel],
    where: str,
    table: str = "",
    lines: Mapping[Path, int] = {},
) -> list[str]:
    """Describe each fault, like `doorbell.toml: [broker] prot: unknown key. Did you mean 'port'?`.

    pydantic's own text is not used: it shows the input, which may be a password.

    Args:
        error: pydantic's error.
        model: The model that was validated.
        where: The name of the file.
        table: The table that the model belongs to; empty for the whole file.
        lines: The line of each table and key of the file, as far as they are known.

    Returns:
        One line for each fault.
    """
    return [described(fault, model, where, table, lines) for fault in faults_in(error)]


def described(
    fault: Fault,
    model: type[BaseModel],
    where: str,
    table: str = "",
    lines: Mapping[Path, int] = {},
) -> str:
    """Describe one fault; see `describe`.

    Args:
        fault: The fault.
        model: The model that was validated.
        where: The name of the file.
        table: The table that the model belongs to; empty for the whole file.
        lines: The line of each table and key of the file, as far as they are known.
    """
    path = fault.path
    is_key = len(path) > 1 and path[-1] == "[key]"
    if is_key:
        path = path[:-1]
    full = (*filter(None, table.split(".")), *path)
    about_table = fault.cause.get("type") == "value_error" and bool(
        _keys_at(model, path) or not path
    )
    is_unknown = fault.cause.get("type") == "extra_forbidden"
    variable = "" if about_table else _variable(full, lines)
    start = f"{variable}: " if variable else _file_and_line(full, where, lines)
    if is_unknown:
        hint = suggest(path[-1], _keys_at(model, path[:-1]))
        if _is_table(fault.cause["input"]) and not variable:
            return f"{start}[{'.'.join(full)}]: unknown table.{hint}"
        what = MOVED.get(path[-1], f"unknown key.{hint}")
    else:
        what = fault.words or words(fault.cause, ".".join(full))
    if variable:
        levels = len(variable.split("__"))
        left = ".".join(full[levels:] or full[-1:] * (levels > len(full)))
        return start + (f"{left}: " if left else "") + what
    return start + _key(full, is_table=about_table) + what


def _variable(path: Path, lines: Mapping[Path, int]) -> str:
    """The variable that sets a key, or a key in this table; empty if the file sets it."""
    return setter_of(path) or ("" if path in lines else setter_below(path))


def _file_and_line(path: Path, where: str, lines: Mapping[Path, int]) -> str:
    """`doorbell.toml: line 3: `, the line of the key or of the table that it misses in."""
    ends = range(len(path), 0, -1)
    number = next((lines[path[:end]] for end in ends if path[:end] in lines), None)
    return f"{where}: line {number}: " if number else f"{where}: "


def _key(path: Path, *, is_table: bool = False) -> str:
    """`[broker] port: `."""
    table, key = (path, "") if is_table else (path[:-1], "".join(path[-1:]))
    return (f"[{'.'.join(table)}] " if table else "") + (f"{key}: " if key else "")


def _is_table(value: Any) -> bool:
    """Whether it was written as `[name]`, or as `[[name]]`."""
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    )


def suggest(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'port'?` if a known word is similar; otherwise the list of known words."""
    from difflib import get_close_matches  # noqa: PLC0415 - for faults only

    names = sorted(known)
    if close := get_close_matches(word, names, cutoff=0.6):
        best = next((name for name in close if sorted(name) == sorted(word)), close[0])
        return f" Did you mean '{best}'?"
    return f" Known here: {', '.join(names)}." if names else ""


def _keys_at(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """The keys that are known in a table."""
    here: Any = model
    for part in path:
        if named := values_of_names(here):
            here = named
        elif (table := model_in(here)) and part in table.model_fields:
            here = table.model_fields[part].annotation
        else:
            return []
    table = None if values_of_names(here) else model_in(here)
    return list(table.model_fields) if table else []
