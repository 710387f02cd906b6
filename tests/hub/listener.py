"""The hearing half of a consumer, without a handler: takes each event once and notes it."""

from hub.consumer.catchup.catchup import CatchUp
from hub.store.cursors import Cursors
from hub.store.inbox.inbox import Inbox
from tests.hub.fakes import NOTIFY, PRESSED


class Listener:
    """The hearing half of a consumer: takes each event once and notes its id."""

    def __init__(self, state, bus, kinds=(PRESSED,), since=0.0, source=NOTIFY, **more):
        self.state, self.bus, self.taken, self.live = state, bus, [], []
        self.inbox = Inbox(state)
        self.cursors = Cursors(state)
        self.catch_up = CatchUp(
            bus, self.cursors, source, dict.fromkeys(kinds, since), lambda: None, **more
        )
        for kind in kinds:
            bus.on_event(kind, self.live.append)

    def work(self):
        """Until there is nothing to do now; returns in how many seconds there will be."""
        while True:
            while self.live or (event := self.catch_up.next_event()):
                if self.live:
                    self._hear(self.live.pop(0))
                else:
                    self._take(event.event)
            pause_s = self.catch_up.ask_what_is_due()
            if not self.live and not self.catch_up._replies and pause_s > 0:
                return pause_s

    def _hear(self, event):
        if self.catch_up.doubts.is_far(event):
            self.catch_up.ask_soon([event.type])
        else:
            self._take(event)

    def _take(self, event):
        held = self.inbox.claim(event)
        if held is None and (other := self.catch_up.doubts.other(event)):
            event = other
            held = self.inbox.claim(event)
        if held:
            self.taken.append(event.id)
            self.catch_up.doubts.took(event)
            with self.state.write() as db:
                self.inbox.finish(db, held)
            if held.is_behind:
                self.catch_up.ask_soon([event.type])
