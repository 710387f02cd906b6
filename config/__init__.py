"""The settings, and how they are read: `doorbell.toml`, the environment, secrets."""

from config.address import Address
from config.broker import Broker
from config.door import ButtonSettings, Door, LedSettings
from config.faults import SettingsError
from config.homeassistant import HomeAssistant
from config.model import (
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
