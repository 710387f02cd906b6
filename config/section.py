"""The base of every table of the settings."""

from datetime import time
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
LISTS = {list, tuple, set, frozenset}


class Section(BaseModel):
    """One table of `doorbell.toml`. Unknown keys are faults, and no fault shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _as_people_write(cls, table: Any) -> Any:
        """A text where a list belongs is a list of one. A number is no time of day.

        (pydantic takes 7 as seven seconds after midnight.)
        """
        if not isinstance(table, dict):
            return table
        taken = dict(table)
        for key in table.keys() & cls.model_fields.keys():
            kinds = _kinds(cls.model_fields[key].annotation)
            if isinstance(table[key], str) and kinds & LISTS and str not in kinds:
                taken[key] = [table[key]]
            elif isinstance(table[key], dict) and time in kinds:
                taken[key] = {name: _no_number(value) for name, value in table[key].items()}
            elif time in kinds:
                taken[key] = _no_number(table[key])
        return taken

    @model_validator(mode="after")
    def _times_are_local(self) -> Self:
        if zoned := [name for name, value in self if _is_zoned(value)]:
            names = ", ".join(zoned)
            raise ValueError(
                f"{names}: a time of day is this machine's local one. Write it without a zone"
            )
        return self


def _is_zoned(value: Any) -> bool:
    """Whether a value is, or contains, a time of day with a zone."""
    if isinstance(value, dict):
        return any(map(_is_zoned, [*value, *value.values()]))
    return isinstance(value, time) and value.tzinfo is not None


def _kinds(annotation: Any) -> set[Any]:
    """The types that an annotation like `list[str] | None` allows, lists and keys left closed."""
    if get_origin(annotation) in LISTS:
        return {get_origin(annotation)}
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    inner = get_args(annotation)
    if get_origin(annotation) is dict:
        inner = inner[1:]
    return set().union(*map(_kinds, inner)) if inner else {annotation}


def _no_number(value: Any) -> Any:
    """A time of day as it is written; a text that is none where it is a number."""
    text = value.replace(".", "", 1) if isinstance(value, str) else ""
    return "a number" if isinstance(value, int | float) or text.isdecimal() else value
