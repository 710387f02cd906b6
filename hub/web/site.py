"""What each room of doorbell-web gets to make its routes from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from config import Settings
from hub.mqtt.bus import Bus
from hub.web.guest_book.book import GuestBook
from hub.web.guest_book.house import House


@dataclass(frozen=True, slots=True)
class Site:
    """The process, as a room of it sees it.

    Attributes:
        settings: Of the house.
        bus: The connection to the broker; it is started when all rooms have subscribed.
        source: As which this process publishes: `doorbell/web/home`.
        key: Of the house; only its own processes on this machine know it.
        book: The visits.
        house: The processes of the house, as they are now.
        on_stop: Called in the event loop when the process is to end, so that no response without an
            end holds it up.
    """

    settings: Settings
    bus: Bus
    source: str
    key: str
    book: GuestBook
    house: House
    on_stop: list[Callable[[], None]] = field(default_factory=list)
