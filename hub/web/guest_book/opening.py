"""Opens the guest book of a process, and keeps it up to date while that runs."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from config import Settings
from hub.consumer.projection import Projection
from hub.mqtt.bus import Bus
from hub.remote.recordings import RecordingsClient
from hub.store.state import State, StateError
from hub.web.guest_book.book import GuestBook
from hub.wire import topics

log = logging.getLogger(__name__)
CATCH_UP_S = 30 * 86_400.0  # at its first start it takes in what the journals still have
STOP_S = 5.0


@contextmanager
def open_guest_book(settings: Settings, bus: Bus, source: str) -> Iterator[GuestBook]:
    """Open the book, and take in every event of the house while this lasts, if there is a page.

    A page whose book takes in nothing would show that nobody rings. So where the book cannot go on
    the process ends, in order, and is started anew.

    Args:
        settings: Of the house.
        bus: The connection; start it inside.
        source: The process: `doorbell/web/home`.

    Raises:
        StateError: the state file cannot be used, at once or later; the text says what to do.
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
        faults: list[Exception] = []

        def take_in() -> None:
            try:
                projection.run()
            except Exception as error:
                log.exception("the guest book cannot go on")
                faults.append(error)
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=take_in, name="guest book", daemon=True)
        thread.start()
        try:
            yield book
        finally:
            projection.stop()
            thread.join(STOP_S)
        if faults:
            raise StateError(f"the guest book cannot go on: {faults[0]}")
