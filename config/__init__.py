"""The settings, and how they are read: `doorbell.toml`, the environment, secrets."""

from config.faults import SettingsError
from config.model import (
    Chime,
    ClockSettings,
    Drill,
    House,
    JournalSettings,
    Quiet,
    Settings,
)
from config.tables.address import Address
from config.tables.broker import Broker
from config.tables.door import ButtonSettings, Door, LedSettings
from config.tables.homeassistant import HomeAssistant
from config.tables.trigger import Trigger

__all__ = [
    "Address",
    "Broker",
    "ButtonSettings",
    "Chime",
    "ClockSettings",
    "Door",
    "Drill",
    "HomeAssistant",
    "House",
    "JournalSettings",
    "LedSettings",
    "Quiet",
    "Settings",
    "SettingsError",
    "Trigger",
]
