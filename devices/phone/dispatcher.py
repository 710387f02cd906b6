"""Sends a notification to all phones of its recipients at once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple

from devices.phone.phone import Notification, Phone, PhoneError, Receipt, Recipient


@dataclass
class DispatchResult:
    """What became of one notification.

    Attributes:
        text: What the notification says.
        why_not: Why nothing was sent, in words.
        asked: How many recipients it was for.
        delivered: The keys of the phones that have it, those of earlier attempts among them.
        failures: Why the other phones do not have it.
        receipts: The receipts of the services, by notification key and phone key.
        held: Recipients in their quiet hours with a phone that cannot be silent.
    """

    text: str = ""
    why_not: str = ""
    asked: int = 0
    delivered: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    held: list[Recipient] = field(default_factory=list)

    @property
    def note(self) -> str:
        """What was done, for people."""
        if self.why_not or not self.asked:
            return self.why_not or "no recipient now"
        return f"sent to {len(self.delivered)}: {self.text}"


class _Call(NamedTuple):
    """One notification for one phone. The key is the recipient's name and the phone's number."""

    key: str
    phone: Phone
    notification: Notification


OnProgress = Callable[[DispatchResult, int], None]  # the result so far, and how many are waited for
_Answer = tuple[_Call, "Receipt | Exception | None"]


class Dispatcher:
    """All recipients with their phones.

    Args:
        recipients: Everybody who can be notified.
        timeout_s: Seconds to wait for all services. One that answers a byte at a time must not
            delay the next notification of the others.
    """

    def __init__(self, recipients: Sequence[Recipient], *, timeout_s: float = 15.0) -> None:
        self.recipients = recipients
        self.timeout_s = timeout_s
        self._busy: set[Phone] = set()

    def recipients_at(self, door: str) -> list[Recipient]:
        """The recipients whom this door concerns."""
        return [one for one in self.recipients if one.doors is None or door in one.doors]

    def reach(self) -> str:
        """Check the connections to all services without sending anything.

        Returns:
            How many of them could be tried, in words.

        Raises:
            ConnectionError: Some cannot be reached.
        """
        phones = [phone for recipient in self.recipients for phone in recipient.phones]
        if not phones:
            return "no phone is set up"
        if faults := [fault for phone in phones if (fault := phone.fault_in_reaching())]:
            raise ConnectionError("; ".join(faults))
        known = sum(phone.has_address for phone in phones)
        return f"{known} of {len(phones)} services answer; nothing was sent"

    def send(
        self,
        recipients: Sequence[Recipient],
        compose: Callable[[Recipient], Notification],
        delivered: Sequence[str],
        receipts: dict[str, Receipt],
        *,
        wanted: Callable[[Phone], bool] = lambda _: True,
        on_hold: Callable[[Recipient], None] = lambda _: None,
        on_progress: OnProgress = lambda _, __: None,
    ) -> DispatchResult:
        """Notify all phones at once, so that a slow service does not delay the others.

        Args:
            recipients: Whom to notify.
            compose: Makes the notification for a recipient.
            delivered: The keys of phones that have it already, from an earlier attempt.
            receipts: The receipts of earlier notifications.
            wanted: Chooses the phones.
            on_hold: Called for each recipient who is put on hold, before anything is sent.
            on_progress: Called when phones have answered, once for all that did so together.

        Returns:
            The result, after at most `timeout_s`.
        """
        result = DispatchResult(asked=len(recipients), delivered=[*delivered])
        answers: SimpleQueue[_Answer] = SimpleQueue()
        waiting: dict[str, Phone] = {}
        calls = self._calls(recipients, compose, wanted, result)
        for recipient in result.held:
            on_hold(recipient)
        for call in calls:
            if call.phone in self._busy:
                result.failures.append(f"{call.phone.name} has not answered the last time yet")
                continue
            waiting[call.key] = call.phone
            self._busy.add(call.phone)
            previous = receipts.get(_receipt_key(call))
            threading.Thread(target=self._run, args=(answers, call, previous), daemon=True).start()
        _collect(result, answers, waiting, self.timeout_s, on_progress)
        return result

    def _calls(
        self,
        recipients: Sequence[Recipient],
        compose: Callable[[Recipient], Notification],
        wanted: Callable[[Phone], bool],
        result: DispatchResult,
    ) -> list[_Call]:
        """What is to be sent. Recipients who would be woken are put on hold in the result."""
        calls: list[_Call] = []
        now = datetime.now().astimezone()
        for recipient in recipients:
            asleep = recipient.sleeps(now)
            notification = compose(recipient)
            notification = replace(notification, silent=notification.silent or asleep)
            is_held = False
            for number, phone in enumerate(recipient.phones):
                if not wanted(phone):
                    continue
                key = f"{recipient.name}/{number}"
                if asleep and not phone.can_be_silent:
                    is_held = True
                elif key not in result.delivered:
                    calls.append(_Call(key, phone, notification))
            if is_held:
                result.held.append(recipient)
        return calls

    def _run(self, answers: SimpleQueue[_Answer], call: _Call, previous: Receipt | None) -> None:
        """Send, in a thread of its own: a service that never ends its answer blocks only that."""
        answer: Receipt | Exception | None
        try:
            answer = call.phone.send(call.notification, previous)
        except Exception as error:  # noqa: BLE001 - one driver's fault must not reach other phones
            answer = error
        self._busy.discard(call.phone)  # before the answer: the next notification may come at once
        answers.put((call, answer))


def _receipt_key(call: _Call) -> str:
    return f"{call.notification.key} {call.key}"


def _collect(
    result: DispatchResult,
    answers: SimpleQueue[_Answer],
    waiting: dict[str, Phone],
    timeout_s: float,
    on_progress: OnProgress,
) -> None:
    """Wait for the answers of all phones, and put them into the result."""
    deadline = monotonic() + timeout_s
    while waiting:
        try:
            call, answer = answers.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            for phone in waiting.values():
                result.failures.append(f"{phone.name} does not answer within {timeout_s:g} s")
            return
        del waiting[call.key]
        if isinstance(answer, PhoneError):
            result.failures.append(str(answer))
        elif isinstance(answer, Exception):
            result.failures.append(f"{call.phone.name}: {type(answer).__name__}")
        else:
            result.delivered.append(call.key)
            if answer:
                result.receipts[_receipt_key(call)] = answer
        if answers.empty():
            on_progress(result, len(waiting))
