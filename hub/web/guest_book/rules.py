"""The rules of visits in a house: the settings of its handler `visit`."""

from typing import Any

from config import Settings
from devices.button.visit_settings import VisitSettings
from hub.store.guest_book.rules import VisitRules


def rules_of(settings: Settings) -> VisitRules:
    """The rules of a house; the defaults in place of settings that are wrong."""
    table = settings.handlers.get("visit", {})
    return VisitRules(_number(table, "gap_s"), _number(table, "missed_after_s"))


def _number(table: dict[str, Any], name: str) -> float:
    default = float(VisitSettings.model_fields[name].default)
    try:
        return float(table.get(name, default))
    except (TypeError, ValueError):
        return default
