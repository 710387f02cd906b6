"""Opens the guest book of a process, and keeps it up to date while that runs."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from config import Settings
from hub.consumer.projection import Projection
from hub.mqtt.bus import Bus
from hub.remote.recordings import RecordingsClient
from hub.store.state import State
from hub.web.guest_book.book import GuestBook
from hub.wire import topics

CATCH_UP_S = 30 * 86_400.0  # at its first start it takes in what the journals still have
STOP_S = 5.0


@contextmanager
def open_guest_book(settings: Settings, bus: Bus, source: str) -> Iterator[GuestBook]:
    """Open the book, and take in every event of the house while this lasts, if there is a page.

    Args:
        settings: Of the house.
        bus: The connection; start it inside.
        source: The process: `doorbell/web/home`.

    Raises:
        StateError: the state file cannot be used; the text says what to do.
    """
    path = settings.state_dir / f"web-{topics.name_of(source)}.db"
    with closing(State(path)) as state:
        book = GuestBook(settings, state, RecordingsClient(bus, settings, source))
        if settings.web.page is False:  # nobody would see it
            yield book
            return
        projection = Projection(
            source,
            state=state,
            bus=bus,
            keep=book.enter,
            on_kept=book.settle,
            since_s=CATCH_UP_S,
        )
        thread = threading.Thread(target=projection.run, name="guest book", daemon=True)
        thread.start()
        try:
            yield book
        finally:
            projection.stop()
            thread.join(STOP_S)
