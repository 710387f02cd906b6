"""Tells the phones what happens at the doors: rings, their pictures, answers, and the day."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from devices.machine import Moment
from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.messenger.memory.sent_log import EVERYBODY
from devices.phone.messenger.messenger import UndeliveredError
from devices.phone.messenger.occasion import HandlerApi, Link, Occasion
from devices.phone.messenger.page_messenger import PageMessenger
from devices.phone.messenger.settings import DoorMessengerSettings
from devices.phone.messenger.texts import LATE_S, Texts, after
from devices.phone.messenger.visit import Visit
from devices.phone.phone import is_jpeg

SNOOZE_S = 3600.0
RINGS = 5  # after so many rings without a pause the phones are told how many
AGAIN = "notify.again"
WAITED = "notify.waited"
TOLD = "notify.told"
DRILL_FAILED = "doorbell.drill_failed"
ANSWERABLE = ("doorbell.pressed", "snapshot.taken", AGAIN, WAITED)


class DoorMessenger(PageMessenger, AbstractContextManager["DoorMessenger"]):
    """Tells the phones of the recipients; each method is for one type of event.

    A handler calls `ring` for a press, `show` for a picture and `answer` for an answer, and
    `remind` for its own events `notify.again` and `notify.waited`, which `later` delivers to it.
    Another one, `notify.told`, comes when some phones have a press and others do not take it yet.
    `enrol` is for `doorbell.push_changed`: a phone with the page wants to be told, or no more.

    To open it takes seconds, so `uses=` does that at start. Each method raises a ConnectionError
    where a service did not take its message: another attempt at the same event is for those
    services only.

    Args:
        settings: Who is told, on which phones, and how.
        door_name: Gives the name by which people know a door, like `config.door_name`.
        hub: The module `hub`.
    """

    def __init__(
        self,
        settings: DoorMessengerSettings,
        door_name: Callable[[str], str],
        hub: HandlerApi,
    ) -> None:
        super().__init__(settings, hub)
        self._texts = Texts(door_name)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """See Messenger.close. No connection is left: each message has one of its own."""
        if kind is None:  # else nothing can be remembered
            self.close()

    def drill(self, drill: Occasion) -> str:
        """Check that each service's host answers; with `drill_text` set, send a marked text."""
        if not self.settings.drill_text:
            return self.reach()
        usual = self.patience
        # It is not tried again.
        self.patience = usual._replace(beside_others=usual.alone, brief=usual.alone)
        try:
            return self.tell(drill, self.recipients, self._texts.drill(drill.door)).note
        finally:
            self.patience = usual

    def ring(self, press: Occasion) -> DispatchResult:
        """Somebody is there, or was. Further rings of this visitor are counted with the first."""
        visit = self.visit(press)
        if visit.press != press.id:
            wait_s = self.settings.group_s if visit.count % RINGS else 0
            self.hub.later(AGAIN, wait_s, visit.as_json())
            words = f"ring {visit.count} of this visitor: counted in the first notification"
            return DispatchResult(why_not=words)
        self.plan(visit)
        self._save()  # the others are told later even if no phone can be reached now
        text = self._texts.ring(press.door, press.time, press.age_s())
        picture = self.picture(press.id)  # there is one by now if the text comes late
        try:
            return self.tell(
                press,
                self.first_at(press.door),
                text,
                visit=visit,
                picture=picture,
                late=self._texts.missed(press.door, press.time),
            )
        except UndeliveredError:
            self._announce(press)
            raise

    def is_news(self, press: str) -> bool:
        """Whether nobody was told yet that phones have this press, when all of them have it."""
        return not self.log.is_announced(press)

    def remind(self, timer: Occasion) -> DispatchResult:
        """Tell how often this visitor has rung, or tell the recipient whose turn has come."""
        visit = Visit.of(timer.data)
        if self.is_answered(visit):
            return DispatchResult(why_not="somebody has answered meanwhile")
        age_s = Moment.seen(timer).since(visit.moment) + timer.age_s()
        text = self._texts.ring(visit.door, visit.time, age_s)
        if timer.type == WAITED:
            missed = self._texts.missed(visit.door, visit.time)
            return self.tell_waiting(timer, timer.data, text, missed)
        return self.tell(
            timer,
            self.first_at(visit.door),
            self._texts.again(text, visit.count),
            press=visit.press,
            picture=self.picture(visit.press),
        )

    def has_picture(self, taken: Occasion) -> bool:
        """Whether the picture is there, and one. Another file never leaves the house."""
        return is_jpeg(_path(taken))

    def show(self, taken: Occasion) -> DispatchResult:
        """The picture of a press follows, in the same notification if possible."""
        press = taken.cause or taken.id
        after_s = float(taken.data.get("after_s", 0))
        if not self.settings.picture:
            return DispatchResult(why_not="pictures are switched off")
        if self.is_repeat(press):
            return DispatchResult(why_not="another picture of the same visitor: not sent")
        if after_s > LATE_S:
            words = f"the picture was taken {after(after_s)}: it shows somebody else, if anybody"
            return DispatchResult(why_not=words)
        self.keep_picture(press, _path(taken))
        ring = self._texts.ring(taken.door, taken.time, taken.age_s())
        return self.tell(
            taken,
            self.first_at(taken.door),
            self._texts.picture(taken.time, after_s),
            press=press,
            update=self._texts.with_picture(ring, after_s),
            picture=_path(taken),
            is_picture=True,
            late=self._texts.missed(taken.door, taken.time),
        )

    def answer(self, answered: Occasion) -> DispatchResult:
        """No further recipient is called after an answer, and the others can read it."""
        data = answered.data
        by, words, via = (str(data.get(key, "")) for key in ("by", "answer", "via"))
        who = self.recipient_of(by)
        moment = Moment.seen(answered)
        if words == "snooze":
            whose = who
            if not by and via == "command":
                whose = EVERYBODY
            return self._snooze(whose, moment)
        if not data.get("late"):  # else the visitor who rings now is not answered
            self.log.record_answer(answered.door, moment)
        press = str(data.get("press") or self.latest(answered.door, moment) or "")
        if not press:
            return DispatchResult()
        return self.tell(
            answered,
            self.readers(press, answered.door, who, by_link=via == "link"),
            self._texts.answer(answered.door, words, by),
            press=press,
            silent=True,
            picture=self.picture(press),
            wanted=lambda phone: bool(phone.updates),
        )

    def report(self, found: Occasion) -> DispatchResult:
        """How many rang on a day, if any, or what a nightly drill found.

        Args:
            found: `clock.day_ended` or `doorbell.drill_failed`.
        """
        if found.type == DRILL_FAILED:
            return self.tell(found, self.recipients, self._texts.failed(found.data["failed"]))
        if not found.data["presses"]:
            return DispatchResult(why_not="nobody rang today")
        text = self._texts.day(found.data["presses"], found.time, found.age_s())
        return self.tell(found, self.recipients, text)

    def _announce(self, press: Occasion) -> None:
        """Some phones have it: who waits for that need not wait for the others."""
        if self.log.delivered(press.id) and not self.log.is_announced(press.id):
            self.log.record_announced(press.id)
            self.hub.later(TOLD, 0, {"press": press.id}, subject=press.door)
            self._save()

    def _snooze(self, name: str, at: Moment) -> DispatchResult:
        self.log.snooze(name, at.later(SNOOZE_S))
        return DispatchResult(why_not=f"no more for {name or 'everybody'} for an hour")

    def links_for(self, occasion: Any, by: str) -> Iterable[Link]:
        """See VisitMessenger."""
        if occasion.type not in ANSWERABLE:
            return []
        if occasion.type == WAITED:  # its subject is not the door
            occasion = replace(occasion, subject=occasion.data["door"])
        return self.hub.answers.links(occasion, by=by, on_page=self.has_page_phones)

    def call_later(self, place: str, wait_s: float, data: Mapping[str, Any]) -> None:
        """See VisitMessenger."""
        self.hub.later(WAITED, wait_s, data, subject=place)


def dry_run(drill: Occasion, _: object, messenger: DoorMessenger) -> str:
    """For `drill=` of a handler that uses a DoorMessenger: see its `drill`."""
    return messenger.drill(drill)


def _path(taken: Occasion) -> Path:
    return Path(str(taken.data.get("path")))
