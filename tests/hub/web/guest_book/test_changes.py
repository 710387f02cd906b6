"""Changes are told at once, in the listener's loop, and nobody waits for a slow listener."""

import asyncio
import threading
from contextlib import ExitStack

from hub.store.guest_book.visit import Change
from hub.web.guest_book.changes import Changes


def _heard(changes, tell, count, most=100):
    """What a listener hears of what another thread tells."""

    async def listen():
        with changes.listen(most) as listener:
            thread = threading.Thread(target=tell)
            thread.start()
            thread.join()
            await asyncio.sleep(0)  # what was told is put into the queue
            return [await listener.next() for _ in range(count)]

    return asyncio.run(listen())


def test_what_another_thread_tells_is_heard():
    """In order, and a change that waits already is not told twice."""
    changes = Changes()
    told = [Change("visit", "a"), Change("visit", "a"), Change("quiet")]
    assert _heard(changes, lambda: changes.tell(*told), 2) == [
        Change("visit", "a"),
        Change("quiet"),
    ]


def test_a_slow_listener_is_told_to_look_at_everything():
    """What waits for it is bounded."""
    changes = Changes()

    def tell():
        for number in range(5):
            changes.tell(Change("visit", str(number)))

    assert _heard(changes, tell, 2, most=3) == [Change("all"), Change("visit", "4")]


def test_a_loop_that_closes_while_it_is_told_something_harms_nobody(monkeypatch):
    """The page ends, and the thread of the guest book goes on to its last event."""
    changes = Changes()
    with ExitStack() as open_still:

        async def listen():
            open_still.enter_context(changes.listen())
            monkeypatch.setattr(asyncio.get_running_loop(), "is_closed", lambda: False)

        asyncio.run(listen())
        changes.tell(Change("quiet"))


def test_a_listener_that_has_gone_is_told_nothing():
    """Its loop may be closed."""
    changes = Changes()
    _heard(changes, lambda: changes.tell(Change("quiet")), 1)
    assert len(changes) == 0
    changes.tell(Change("quiet"))
