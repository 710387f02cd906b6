"""Faults in settings, in words that help: where, what, and what to do; all of them at once."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from config.model import Settings

EX_CONFIG = 78  # sysexits.h: a configuration error; systemd must not restart on it


PLAIN_WORDS = {
    "time_parsing": "not a time. Write it like 22:00:00.",
    "time_type": "not a time. Write it like 22:00:00.",
    "int_parsing": "not a whole number. Write it like 17, without quotes.",
    "int_type": "not a whole number. Write it like 17, without quotes.",
    "float_parsing": "not a number. Write it like 2.5, without quotes.",
    "float_type": "not a number. Write it like 2.5, without quotes.",
    "bool_parsing": "neither true nor false. Write one of them, without quotes.",
    "bool_type": "neither true nor false. Write one of them, without quotes.",
    "string_too_short": "empty. Write something, or leave it out.",
    "path_not_file": "there is no such file. Check the path; it is taken from where doorbell runs.",
    "path_not_directory": "there is no such folder.",
    "string_type": 'not text. Put it in quotes, like "this".',
    "int_from_float": "not a whole number. Write it like 17.",
    "finite_number": "not a number. Write it like 2.5.",
    "list_type": 'not a list. Write it like ["one", "two"].',
    "tuple_type": 'not a list. Write it like ["one", "two"].',
    "set_type": 'not a list. Write it like ["one", "two"].',
    "frozen_set_type": 'not a list. Write it like ["one", "two"].',
    "path_type": 'not a path. Put it in quotes, like "/srv/clips".',
}
BAD_NAME = "not a name. Use a-z, 0-9, - and _, beginning with a letter, 32 characters at most."
TABLES = {"dict_type", "model_type", "model_attributes_type"}

LIMITS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


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


def describe(
    error: ValidationError, model: type[BaseModel], where: str, table: str = ""
) -> list[str]:
    """Describe each fault, like `doorbell.toml: [broker] prot: unknown key. Did you mean 'port'?`.

    pydantic's own text is not used: it shows the input, which may be a password.

    Args:
        error: pydantic's error.
        model: The model that was validated.
        where: The name of the file.
        table: The table that the model belongs to; empty for the whole file.

    Returns:
        One line for each fault.
    """
    return [_line(fault, model, where, table) for fault in error.errors(include_url=False)]


def _line(fault: Mapping[str, Any], model: type[BaseModel], where: str, table: str) -> str:
    path = [str(part) for part in fault["loc"]]
    if bad_name := path[-1:] == ["[key]"]:
        path.pop()
    about_table = fault["type"] == "value_error" and bool(_keys_at(model, path) or not path)
    is_unknown = fault["type"] == "extra_forbidden"
    if is_unknown and isinstance(fault["input"], dict) and not table:
        hint = suggest(path[-1], _keys_at(model, path[:-1]))
        return f"{where}: [{'.'.join(path)}]: unknown table.{hint}"
    key = "" if about_table or not path else path[-1]
    section = ".".join(part for part in (table, *(path if about_table else path[:-1])) if part)
    place = f"{where}: " + (f"[{section}] " if section else "") + (f"{key}: " if key else "")
    variable = "DOORBELL_" + "__".join([*filter(None, table.split(".")), *path]).upper()
    if variable in map(str.upper, os.environ):
        place = f"{variable}: "
    if is_unknown:
        hint = suggest(key, _keys_at(model, path[:-1]))
        return place + MOVED.get(key, f"unknown key.{hint}")
    return place + (BAD_NAME if bad_name else _words(fault, ".".join(filter(None, [table, *path]))))


def _words(fault: Mapping[str, Any], name: str) -> str:
    """What is wrong with a value, and what to write; `name` is the key with its tables."""
    kind = fault["type"]
    if kind == "missing":
        return "missing. Set it."
    if kind in TABLES:
        return f"not a table. Write [{name}], and its keys in the lines below."
    if kind in PLAIN_WORDS:
        return PLAIN_WORDS[kind]
    if kind in LIMITS:
        return f"must be {LIMITS[kind]} {next(iter(fault['ctx'].values())):g}."
    said = str(fault["msg"]).removeprefix("Value error, ")
    return said.replace("Input should be", "must be", 1) + "."


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
        if _is_model(here) and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation)
    return list(here.model_fields) if _is_model(here) else []


def _model_in(annotation: Any) -> Any:
    """The model in an annotation like `Broker`, `Broker | None` or `dict[str, Door]`."""
    inner = filter(_is_model, (annotation, *get_args(annotation)))
    return next(inner, annotation)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
