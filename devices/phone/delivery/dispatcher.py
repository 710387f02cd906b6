"""Sends a notification to all phones of its recipients at once."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import NamedTuple

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

OnProgress = Callable[[DispatchResult, int], None]  # the result so far, and how many are waited for


class Patience(NamedTuple):
    """How long an attempt waits for an answer, in seconds; a later one is read by the next attempt.

    Attributes:
        alone: Where there is no other phone, which the next notification could be for.
        beside_others: Where there is one.
        brief: For a service that is away, or is known to be slow.
        at_end: Where the process ends: what is not answered by then is sent again by the next one.
    """

    alone: float = 5.0
    beside_others: float = 1.0
    brief: float = 0.2
    at_end: float = 2.0


PATIENCE = Patience()


class Dispatcher:
    """All recipients with their phones. What happens to one phone does not delay the others.

    A service that is slow delays neither this notification to the others nor the next one: what is
    under way to it is left to a thread, and its answer is read by the next attempt.

    Args:
        recipients: Everybody who can be notified.
        patience: How long an attempt waits.
    """

    def __init__(self, recipients: Sequence[Recipient], *, patience: Patience = PATIENCE) -> None:
        self.recipients = recipients
        self.patience = patience
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
            The result of this attempt, which is over before a slow service answers.
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

    def wait_at_end(self) -> None:
        """Wait a little for what is under way: there is no further attempt in this process."""
        self._flights.wait(self.patience.at_end)

    def late_answers(
        self, besides: str, so_far: Callable[[str], DispatchResult]
    ) -> Iterator[tuple[Call, DispatchResult]]:
        """What services have said at last to notifications whose attempts were over by then.

        Only what ends them for their phones: another answer is read by the next attempt.

        Args:
            besides: The message that is sent now: its attempt reads its own answers.
            so_far: Gives the result of earlier attempts at a message.
        """
        for flight in self._flights.answered(besides=besides):
            if isinstance(flight.answer.exception(), PhoneRefusalError | None):
                result = so_far(flight.call.message)
                self._take(flight, result)
                yield flight.call, result

    def _begin(
        self,
        call: Call,
        receipts: Mapping[str, Receipt],
        result: DispatchResult,
        *,
        is_first: bool,
    ) -> Flight | None:
        """Send a notification, unless its phone rests or has one that comes before it."""
        phone = call.phone
        if left_s := self._rests.left_s(phone, is_first=is_first):
            result.put_off(call.key, self._rests.reason(phone), left_s)
            return None
        if self._flights.is_stuck(phone):
            reason = f"{phone.name} does not end its answers"
            result.put_off(call.key, reason, self._rests.fail(phone, reason))
            return None
        if other := self._flights.in_the_way(call):
            reason = f"{phone.name} has not answered the last time yet"
            result.wait_for(call.key, reason, self._flights.look_in_s(other))
            return None
        receipt = receipts.get(_receipt_key(call))
        return self._flights.begin(call, receipt, self._patience_s(call))

    def _patience_s(self, call: Call) -> float:
        """How long an attempt waits for this phone: others may be told of another ring next."""
        if self._rests.is_down(call.phone) or self._flights.is_awaited(call.phone):
            return self.patience.brief
        phones = [phone for recipient in self.recipients for phone in recipient.phones]
        if all(phone is call.phone for phone in phones):
            return self.patience.alone
        return self.patience.brief if self._flights.is_slow(call) else self.patience.beside_others

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
                self._leave(flight, result)
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
            self._take_refusal(call, error, result)
        elif isinstance(error, PhoneError):
            result.failed[call.key] = str(error)
        else:
            result.failed[call.key] = f"{call.phone.name}: {type(error).__name__}"

    def _take_refusal(self, call: Call, error: PhoneRefusalError, result: DispatchResult) -> None:
        result.refused[call.key] = str(error)
        if not isinstance(error, PhonePartlyError):
            result.lacking.append(call.key)
        elif error.retry_after_s:
            self._rests.fail(call.phone, str(error), error.retry_after_s)

    def _leave(self, flight: Flight, result: DispatchResult) -> None:
        """Leave an answer to the next attempt."""
        key = flight.call.key
        reason = f"{flight.call.phone.name} has not answered yet"
        result.wait_for(key, reason, self._flights.look_in_s(flight))
        result.under_way.append(key)

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
