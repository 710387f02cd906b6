"""Sends a notification to all phones of its recipients at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from datetime import datetime
from time import monotonic

from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.delivery.flights import Call, Flight, Flights
from devices.phone.delivery.rests import Rests
from devices.phone.phone import (
    Notification,
    Phone,
    PhoneAwayError,
    PhoneError,
    PhonePartlyError,
    PhoneRefusalError,
    Receipt,
    Recipient,
)

DOWN_PATIENCE_S = 0.5  # of a service that is away; its answer is read by the next attempt
OnProgress = Callable[[DispatchResult, int], None]  # the result so far, and how many are waited for


class Dispatcher:
    """All recipients with their phones. What happens to one phone does not delay the others.

    Args:
        recipients: Everybody who can be notified.
        timeout_s: Seconds to wait for all services. A slower answer is read by the next attempt.
    """

    def __init__(self, recipients: Sequence[Recipient], *, timeout_s: float = 5.0) -> None:
        self.recipients = recipients
        self.timeout_s = timeout_s
        self._flights = Flights()
        self._rests = Rests()

    def recipients_at(self, door: str) -> list[Recipient]:
        """The recipients whom this door concerns."""
        return [one for one in self.recipients if one.doors is None or door in one.doors]

    def reach(self) -> str:
        """Check the connections to all services without sending anything.

        Returns:
            How many of them could be tried, in words.

        Raises:
            PhoneAwayError: Some cannot be reached.
        """
        phones = [phone for recipient in self.recipients for phone in recipient.phones]
        if not phones:
            return "no phone is set up"
        if faults := [fault for phone in phones if (fault := phone.fault_in_reaching())]:
            raise PhoneAwayError("; ".join(faults))
        known = sum(phone.has_address for phone in phones)
        return f"{known} of {len(phones)} services answer; nothing was sent"

    def send(
        self,
        message: str,
        recipients: Sequence[Recipient],
        compose: Callable[[Recipient], Notification],
        so_far: DispatchResult,
        receipts: Mapping[str, Receipt],
        *,
        without: Collection[str] = (),
        is_first: bool = True,
        wanted: Callable[[Phone], bool] = lambda _: True,
        on_hold: Callable[[Recipient], None] = lambda _: None,
        on_progress: OnProgress = lambda _, __: None,
    ) -> DispatchResult:
        """Notify all phones at once, so that a slow service does not delay the others.

        Args:
            message: What the notification is about: of all attempts the same.
            recipients: Whom to notify.
            compose: Makes the notification for a recipient.
            so_far: Which phones need no further attempt: what was delivered and refused.
            receipts: The receipts of earlier notifications.
            without: The keys of phones that are left out.
            is_first: Whether this is the first attempt. In later ones a phone rests for a while
                whose service is away.
            wanted: Chooses the phones.
            on_hold: Called for each recipient who is put on hold, before anything is sent.
            on_progress: Called when phones have answered, once for all that did so together.

        Returns:
            The result of this attempt, after at most `timeout_s`.
        """
        result = replace(so_far, asked=len(recipients))
        done = {*result.delivered, *result.refused, *without}
        every = _calls(message, recipients, compose, wanted, result)
        calls = [call for call in every if call.key not in done]
        for recipient in result.held:
            on_hold(recipient)
        flights: list[Flight] = []
        for call in calls:
            if flight := self._flights.find(call):
                flight.patience_s = 0.0  # an attempt has waited for it already
            else:
                flight = self._begin(call, receipts, result, is_first=is_first)
            if flight:
                flights.append(flight)
        self._collect(flights, result, on_progress)
        return result

    def _begin(
        self,
        call: Call,
        receipts: Mapping[str, Receipt],
        result: DispatchResult,
        *,
        is_first: bool,
    ) -> Flight | None:
        """Send a notification, unless its phone rests or has another one."""
        phone = call.phone
        if left_s := self._rests.left_s(phone, is_first=is_first):
            result.put_off(call.key, self._rests.reason(phone), left_s)
            return None
        if self._flights.is_busy(phone):
            reason = f"{phone.name} has not answered the last time yet"
            result.put_off(call.key, reason, self._rests.fail(phone, reason))
            return None
        is_down = self._rests.is_down(phone)
        patience_s = min(self.timeout_s, DOWN_PATIENCE_S) if is_down else self.timeout_s
        return self._flights.begin(call, receipts.get(_receipt_key(call)), patience_s)

    def _collect(
        self, flights: list[Flight], result: DispatchResult, on_progress: OnProgress
    ) -> None:
        """Wait for the answers of all phones, and put them into the result."""
        began_s = monotonic()
        waiting = {flight.answer: flight for flight in flights}
        while waiting:
            waited_s = monotonic() - began_s
            left_s = min(flight.patience_s for flight in waiting.values()) - waited_s
            answered = wait(waiting, max(0.0, left_s), return_when=FIRST_COMPLETED).done
            for answer in answered:
                self._take(waiting.pop(answer), result)
            waited_s = monotonic() - began_s
            for flight in [one for one in waiting.values() if one.patience_s <= waited_s]:
                del waiting[flight.answer]
                self._put_off(flight.call, result, _silence(flight))
            if answered:
                on_progress(result, len(waiting))

    def _take(self, flight: Flight, result: DispatchResult) -> None:
        """Put an answer into the result."""
        call = flight.call
        self._flights.end(flight)
        error = flight.answer.exception()
        if error is None:
            sent = flight.answer.result()
            self._rests.succeed(call.phone)
            result.delivered.append(call.key)
            if sent.receipt:
                result.receipts[_receipt_key(call)] = sent.receipt
            if sent.no_picture:
                result.no_picture[call.key] = sent.no_picture
            if sent.retry_after_s:
                self._rests.fail(call.phone, sent.no_picture, sent.retry_after_s)
        elif isinstance(error, PhoneAwayError):
            if error.is_doubtful:
                result.doubtful.append(call.key)
            self._put_off(call, result, str(error), error.retry_after_s)
        elif isinstance(error, PhoneRefusalError):
            result.refused[call.key] = str(error)
            if isinstance(error, PhonePartlyError) and error.retry_after_s:
                self._rests.fail(call.phone, str(error), error.retry_after_s)
        elif isinstance(error, PhoneError):
            result.failed[call.key] = str(error)
        else:
            result.failed[call.key] = f"{call.phone.name}: {type(error).__name__}"

    def _put_off(
        self, call: Call, result: DispatchResult, reason: str, asked_s: float | None = None
    ) -> None:
        result.put_off(call.key, reason, self._rests.fail(call.phone, reason, asked_s))


def _calls(
    message: str,
    recipients: Sequence[Recipient],
    compose: Callable[[Recipient], Notification],
    wanted: Callable[[Phone], bool],
    result: DispatchResult,
) -> list[Call]:
    """What is to be sent. Recipients who would be woken are put on hold in the result."""
    calls: list[Call] = []
    now = datetime.now().astimezone()
    for recipient in recipients:
        asleep = recipient.sleeps(now)
        notification = compose(recipient)
        notification = replace(notification, silent=notification.silent or asleep)
        is_held = False
        for number, phone in enumerate(recipient.phones):
            if not wanted(phone):
                continue
            if asleep and not phone.can_be_silent:
                is_held = True
            else:
                calls.append(Call(message, f"{recipient.name}/{number}", phone, notification))
        if is_held:
            result.held.append(recipient)
    return calls


def _receipt_key(call: Call) -> str:
    return f"{call.notification.key} {call.key}"


def _silence(flight: Flight) -> str:
    name = flight.call.phone.name
    if flight.patience_s:
        return f"{name} does not answer within {flight.patience_s:g} s"
    return f"{name} has not answered yet"
