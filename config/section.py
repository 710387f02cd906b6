"""What every table of the settings is made of."""

from datetime import time
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]


class Section(BaseModel):
    """One table of `doorbell.toml`. Unknown keys are faults, and no fault ever shows what was typed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _times_are_local(self) -> Self:
        if zoned := [name for name, value in self if _is_zoned(value)]:
            raise ValueError(
                f"{', '.join(zoned)}: a time of day is this machine's local one. Write it without a zone"
            )
        return self


def _is_zoned(value: Any) -> bool:
    """Whether it is, or holds, a time of day that names a zone."""
    if isinstance(value, dict):
        return any(map(_is_zoned, [*value, *value.values()]))
    return isinstance(value, time) and value.tzinfo is not None
