"""The settings, and how they are read: `doorbell.toml`, the environment, secrets."""

from config.door import ButtonSettings, Door, LedSettings
from config.faults import SettingsError
from config.model import (
    Broker,
    Chime,
    ClockSettings,
    Drill,
    House,
    JournalSettings,
    Quiet,
    Settings,
)
from config.trigger import Trigger

__all__ = [
    "Broker",
    "ButtonSettings",
    "Chime",
    "ClockSettings",
    "Door",
    "Drill",
    "House",
    "JournalSettings",
    "LedSettings",
    "Quiet",
    "Settings",
    "SettingsError",
    "Trigger",
]
