"""The hearing half of a consumer, without a handler: takes each event once and notes it."""

from hub.consumer.catchup import CatchUp
from hub.store.cursors import Cursors
from hub.store.inbox import Inbox
from tests.hub.fakes import NOTIFY, PRESSED


class Listener:
    """The hearing half of a consumer: takes each event once and notes its id."""

    def __init__(self, state, bus, kinds=(PRESSED,), since=0.0, **more):
        self.state, self.bus, self.taken, self.live = state, bus, [], []
        self.inbox = Inbox(state)
        self.cursors = Cursors(state)
        self.catch_up = CatchUp(
            bus, self.cursors, NOTIFY, dict.fromkeys(kinds, since), lambda: None, **more
        )
        for kind in kinds:
            bus.on_event(kind, self.live.append)

    def work(self):
        """Until there is nothing to do now; returns in how many seconds there will be."""
        while True:
            while self.live or (event := self.catch_up.next_event()):
                self._take(self.live.pop(0) if self.live else event)
            pause_s = self.catch_up.ask_what_is_due()
            if not self.live and not self.catch_up._replies and pause_s > 0:
                return pause_s

    def _take(self, event):
        if held := self.inbox.claim(event):
            self.taken.append(event.id)
            with self.state.write() as db:
                self.inbox.finish(db, held)
            if held.is_behind:
                self.catch_up.ask_soon([event.type])
