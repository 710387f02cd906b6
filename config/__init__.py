"""What may be set, and how it is read: `doorbell.toml`, the environment, secrets."""

from config.faults import SettingsError
from config.model import Broker, Button, Chime, Door, Drill, House, Journal, Quiet, Settings
from config.trigger import Trigger

__all__ = [
    "Broker",
    "Button",
    "Chime",
    "Door",
    "Drill",
    "House",
    "Journal",
    "Quiet",
    "Settings",
    "SettingsError",
    "Trigger",
]
