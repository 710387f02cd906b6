"""The base of every table of the settings."""

from datetime import time
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config.paths import WITH_ZERO_BYTE, ZERO_BYTE, fault_in_path
from config.shorthand import kinds, written_out

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]


class Section(BaseModel):
    """One table of `doorbell.toml`. Unknown keys are faults, and no fault shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _as_people_write(cls, table: Any) -> Any:
        """Also in the tables within it, which need not be sections themselves."""
        return written_out(table, cls) if isinstance(table, dict) else table

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_empty_path(cls, value: Any, info: ValidationInfo) -> Any:
        """It would be the folder of the settings file, as where a variable is set to nothing."""
        if value == "" and Path in kinds(cls.model_fields[str(info.field_name)].annotation):
            raise ValueError("empty. Write a path, or leave it out")
        return value

    @field_validator("*")
    @classmethod
    def _is_no_fault_for_the_system(cls, value: Any) -> Any:
        """No path that none can be, and no zero byte in a text: the system's calls raise."""
        if isinstance(value, Path) and (fault := fault_in_path(value)):
            raise ValueError(fault)
        if _has_zero_byte(value):
            raise ValueError(WITH_ZERO_BYTE)
        return value

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


def _has_zero_byte(value: Any) -> bool:
    """Whether a text is, or a list holds, one with a zero byte."""
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_has_zero_byte, value))
    return isinstance(value, str) and ZERO_BYTE in value
