"""A dispatcher that remembers, even over a crash, which phone has which notification."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.phone.dispatcher import Dispatcher, DispatchResult
from devices.phone.messenger.ring_groups import RingGroups
from devices.phone.messenger.sent_log import SentLog
from devices.phone.phone import Notification, Phone, Recipient, ReplyButton


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

    def deliver(
        self,
        notification: Notification,
        recipients: Sequence[Recipient],
        event_id: str,
        *,
        at: datetime,
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
            ConnectionError: Some services did not take it. Another attempt is for those only.
        """
        if not self.recipients:
            text = f"no phone is set up; it would have read: {notification.text}"
            return DispatchResult(why_not=text)

        def record(result: DispatchResult, waiting: int) -> None:
            self.log.record_receipts(result.receipts)
            if result.delivered and (waiting or result.failures):
                self.log.record_partial(event_id, result.delivered)
                self._save()

        result = self.send(
            [one for one in recipients if not self.log.is_snoozed(one.name, at.timestamp())],
            lambda recipient: replace(notification, buttons=buttons(recipient)),
            self.log.delivered(event_id),
            self.log.receipts,
            wanted=wanted,
            on_hold=on_hold,
            on_progress=record,
        )
        if result.failures:
            self._save()  # what is on hold; the phones that were reached are saved
            number = len(result.failures) + len(result.delivered)
            raise ConnectionError(
                f"{len(result.failures)} of {number} services did not take it: "
                + "; ".join(result.failures)
            )
        self.log.record_complete(event_id)
        result.text = notification.text
        return result

    def keep_picture(self, press: str, picture: Path) -> None:
        """Remember the picture of a press; for recipients who are notified later, over a crash."""
        super().keep_picture(press, picture)
        if any(one.after_s for one in self.recipients):
            self.log.keep_picture(press, picture)

    def picture(self, press: str) -> Path | None:
        """The picture of a press; None if there is none, or its file is gone."""
        return super().picture(press) or self.log.picture(press)
