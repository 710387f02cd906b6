"""What each room of doorbell-web gets to make its routes from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.answer import AnswerClient
from hub.remote.press import PressClient
from hub.web.guest_book.book import GuestBook
from hub.web.guest_book.house import House
from hub.web.login.register import Register


@dataclass(slots=True)
class Site:
    """The process, as a room of it sees it.

    Attributes:
        settings: Of the house.
        bus: The connection to the broker; it is started when all rooms have subscribed.
        source: As which this process publishes: `doorbell/web/home`.
        key: Of the house; only its own processes on this machine know it.
        book: The visits.
        house: The processes of the house, as they are now.
        answers: Answers visitors.
        presses: Presses buttons.
        register: The phones that are logged in.
        on_stop: Called in the event loop when the process is to end, so that no response without an
            end holds it up.
    """

    settings: Settings
    bus: Bus
    source: str
    key: str
    book: GuestBook
    house: House
    answers: AnswerClient = field(init=False)
    presses: PressClient = field(init=False)
    register: Register = field(init=False)
    on_stop: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers = AnswerClient(self.bus, self.settings, self.source)
        self.presses = PressClient(self.bus, self.settings, self.source)
        self.register = Register(self.settings.state_dir)
