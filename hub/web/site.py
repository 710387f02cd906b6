"""What each room of doorbell-web gets to make its routes from."""

from dataclasses import dataclass

from config import Settings
from hub.mqtt.bus import Bus


@dataclass(frozen=True, slots=True)
class Site:
    """The process, as a room of it sees it.

    Attributes:
        settings: Of the house.
        bus: The connection to the broker; it is started when all rooms have subscribed.
        source: As which this process publishes: `doorbell/web/home`.
        key: Of the house; only its own processes on this machine know it.
    """

    settings: Settings
    bus: Bus
    source: str
    key: str
