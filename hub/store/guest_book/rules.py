"""Which presses are one visit, and when nobody waits any more."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from config import Settings
from devices.button.visit_settings import VisitSettings

GRACE_S = 10.0  # so much later than the handler `visit` says it, a visit is missed anyway


@dataclass(frozen=True, slots=True)
class VisitRules:
    """The settings of the handler `visit`; its defaults where it is not installed.

    Attributes:
        gap_s: After an answer, a press within so many seconds belongs to the answered visit.
        missed_after_s: A visit is missed so many seconds after its last press.
    """

    gap_s: float
    missed_after_s: float

    @property
    def over_after_s(self) -> float:
        """A visit is over so many seconds after its last press, even if no handler says so."""
        return self.missed_after_s + GRACE_S


def rules_of(settings: Settings) -> VisitRules:
    """The rules of a house; the defaults in place of settings that are wrong."""
    table = settings.handlers.get("visit", {})
    return VisitRules(_number(table, "gap_s"), _number(table, "missed_after_s"))


def _number(table: dict[str, Any], name: str) -> float:
    wanted = {key: value for key, value in table.items() if key == name}
    try:
        return float(getattr(VisitSettings.model_validate(wanted), name))
    except ValidationError:
        return float(VisitSettings.model_fields[name].default)
