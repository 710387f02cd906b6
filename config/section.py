"""What every table of the settings is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]


class Section(BaseModel):
    """One table of `doorbell.toml`. Unknown keys are faults, and no fault ever shows what was typed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
