"""A dispatcher that remembers, even over a crash, which phone has which notification."""

import math
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from devices.device_error import DeviceError
from devices.machine import Moment
from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.delivery.dispatcher import Dispatcher
from devices.phone.messenger.memory.ring_groups import RingGroups
from devices.phone.messenger.memory.sent_log import SentLog
from devices.phone.messenger.memory.tries import Tries
from devices.phone.messenger.memory.troubles import Troubles
from devices.phone.phone import Notification, Phone, Recipient, ReplyButton


class UndeliveredError(DeviceError, ConnectionError):
    """Some services did not take a notification, or not yet. Another attempt is for those only.

    Attributes:
        retry_after_s: Seconds to wait, which a handler's process obeys: `math.inf` where all of
            them refuse it for good, None where it is not known whether another attempt helps.
    """

    def __init__(self, result: DispatchResult) -> None:
        failures, awaited = result.failures, result.silences
        number = len(failures) + len(awaited) + len(result.delivered)
        words = []
        if failures:
            reasons = "; ".join(failures)
            words.append(f"{len(failures)} of {number} services did not take it: {reasons}")
        if awaited:
            words.append(f"waits for {len(awaited)} of {number} services: {'; '.join(awaited)}")
        super().__init__("; ".join(words))
        self.retry_after_s: float | None = math.inf
        if result.away or result.awaited:
            self.retry_after_s = result.retry_after_s
        elif result.failed:
            self.retry_after_s = None


class Messenger(Dispatcher, RingGroups):
    """Notifies each phone once, however often an event is tried.

    Args:
        recipients: Everybody who can be notified.
        group_s: A ring within so many seconds after the last one at that door belongs to it.
        memory: JSON values by key, which survive the process, like `hub.memory`.
        save: Commits the memory, like `hub.checkpoint`.

    Attributes:
        log: What was sent to whom.
    """

    def __init__(
        self,
        recipients: Sequence[Recipient],
        group_s: float,
        memory: MutableMapping[str, Any],
        save: Callable[[], None],
    ) -> None:
        Dispatcher.__init__(self, recipients)
        RingGroups.__init__(self, group_s)
        self.log = SentLog(memory)
        self._save = save
        self._tries = Tries(self.log)
        self._troubles = Troubles()

    def on_trouble(self, tell: Callable[[str], None]) -> None:
        """Have it told which services do not take notifications or pictures; empty when all do."""
        self._troubles.tell = tell

    def deliver(
        self,
        notification: Notification,
        recipients: Sequence[Recipient],
        event_id: str,
        *,
        at: Moment,
        buttons: Callable[[Recipient], Sequence[ReplyButton]] = lambda _: (),
        wanted: Callable[[Phone], bool] = lambda _: True,
        on_hold: Callable[[Recipient], None] = lambda _: None,
    ) -> DispatchResult:
        """Notify all phones that do not have this notification from an earlier attempt.

        Each phone that was reached is saved before the others have answered, so that neither a
        failure nor a crash notifies it again. The last one is left to the caller's own commit.

        Args:
            notification: The message.
            recipients: Whom to notify. Those who asked for silence are left out.
            event_id: The event that it follows from; a further attempt has the same one.
            at: When that happened: a snooze counts at that time.
            buttons: The answers that a recipient can give.
            wanted: Chooses the phones.
            on_hold: Called for each recipient who must not be woken by a phone now.

        Raises:
            UndeliveredError: Some services did not take it. Another attempt is for those only.
        """
        if not self.recipients:
            text = f"no phone is set up; it would have read: {notification.text}"
            return DispatchResult(why_not=text)

        def record(result: DispatchResult, waiting: int) -> None:
            self.log.record_receipts(result.receipts)
            if result.delivered and (waiting or not result.is_complete):
                self.log.record_partial(event_id, result.delivered)
                self._save()

        self._read_late_answers(event_id)
        owed = self._tries.owed(notification.key) if notification.is_picture else []
        lacking = self.log.lacking(notification.key) if notification.is_follow_up else []
        result = self.send(
            event_id,
            [one for one in recipients if not self.log.is_snoozed(one.name, at)],
            lambda recipient: replace(notification, buttons=buttons(recipient)),
            replace(self._so_far(event_id), text=notification.text),
            self.log.receipts,
            without=[*owed, *lacking],
            is_first=self._tries.is_first(event_id),
            wanted=wanted,
            on_hold=on_hold,
            on_progress=record,
        )
        self._tries.count(event_id, result)
        if owed and result.asked and result.is_complete and not result.delivered:
            result.why_not = "the picture is sent with the text, which waits"
        self._learn(notification, result)
        if not result.is_complete:
            self._fail(event_id, result)
        self.log.record_complete(event_id)
        return result

    def close(self) -> None:
        """Commit what services have said, or say in a moment: the next process sends the rest."""
        self.wait_at_end()
        self._read_late_answers()

    def _so_far(self, event_id: str) -> DispatchResult:
        """What earlier attempts have ended."""
        return DispatchResult(
            delivered=self.log.delivered(event_id), refused=self.log.refused(event_id)
        )

    def _read_late_answers(self, event_id: str = "") -> None:
        """Commit what slow services have said meanwhile: a crash must not have it sent again."""
        for call, late in self.late_answers(event_id, self._so_far):
            self.log.record_receipts(late.receipts)
            if late.delivered:
                self.log.record_partial(call.message, late.delivered)
            self.log.record_refused(call.message, late.refused)
            self._learn(call.notification, late)
            self._save()

    def _learn(self, notification: Notification, result: DispatchResult) -> None:
        """What a result says of the messages that follow, and of the services."""
        if not notification.is_follow_up:  # a phone that refuses one of these has the ring
            self.log.record_lacking(notification.key, result.lacking, result.delivered)
        self._troubles.update(result, has_picture=notification.picture is not None)

    def _fail(self, event_id: str, result: DispatchResult) -> NoReturn:
        """Commit what the next attempt must know, and what is on hold; and have one made."""
        if result.away or result.failed or result.awaited:
            self.log.record_refused(event_id, result.refused)
        else:
            self.log.forget_refused(event_id)
            self._tries.forget(event_id)
        self._save()
        raise UndeliveredError(result)

    def keep_picture(self, press: str, picture: Path) -> None:
        """Remember the picture of a press; for those who are notified later, over a crash."""
        super().keep_picture(press, picture)
        if self._tries.owed(press) or any(one.after_s for one in self.recipients):
            self.log.keep_picture(press, picture)

    def picture(self, press: str) -> Path | None:
        """The picture of a press; None if there is none, or its file is gone."""
        return super().picture(press) or self.log.picture(press)
