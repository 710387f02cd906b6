"""Notifications that are on their way, each in a thread of its own."""

import threading
from collections import OrderedDict
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import NamedTuple

from devices.phone.phone import (
    Notification,
    Phone,
    PhonePartlyError,
    PhoneRefusalError,
    Receipt,
)

STUCK_S = 120.0  # then an answer is no longer expected: a server may send a byte at a time for ever
MOST_AT_ONCE = 3  # of a phone, because each keeps a thread
SLOW_S = 1.0  # a service that takes longer than this to answer is slow
LOOK_S = 1.0  # until the first look for an answer that was never slow before
REMEMBERED = 40  # answers that came too late and that no further attempt has asked for


class Call(NamedTuple):
    """One notification for one phone.

    Attributes:
        message: What the notification is about: of all its attempts the same.
        key: The recipient's name and the phone's number.
        phone: The phone.
        notification: The notification.
    """

    message: str
    key: str
    phone: Phone
    notification: Notification


@dataclass
class Sent:
    """A service has taken a notification.

    Attributes:
        receipt: See Phone.
        no_picture: Why the service does not take its picture; empty if it has it.
        retry_after_s: How long the service wants to be left alone, although it has taken this one.
    """

    receipt: Receipt | None = None
    no_picture: str = ""
    retry_after_s: float | None = None


@dataclass(eq=False)
class Flight:
    """A notification on its way.

    Attributes:
        call: The notification and its phone.
        patience_s: How long an attempt waits for the answer, in seconds.
        began_s: When it began, in monotonic seconds.
        answer: The service's answer, once it is there.
        ended_s: When it was answered, in monotonic seconds.
    """

    call: Call
    patience_s: float
    began_s: float
    answer: Future[Sent] = field(default_factory=Future)
    ended_s: float = 0.0


class Flights:
    """The notifications on their way, and those whose answers nobody has waited for.

    An answer that comes when its attempt is over belongs to the next attempt: a service that is
    slow is not sent the same notification twice. A phone is sent what belongs to one press in its
    order, and what belongs to different presses at once.
    """

    def __init__(self) -> None:
        self._flights: OrderedDict[tuple[str, str], Flight] = OrderedDict()
        self._stuck: list[Flight] = []
        self._took_s: dict[tuple[Phone, bool], float] = {}  # the last answers: see _kind_of

    def find(self, call: Call) -> Flight | None:
        """The flight that an earlier attempt at this notification has begun."""
        self._give_up()
        return self._flights.get((call.message, call.key))

    def answered(self, *, besides: str) -> list[Flight]:
        """Those that were answered when their attempts were over; but not of this message."""
        flights = [*self._flights.values()]
        return [one for one in flights if one.call.message != besides and one.answer.done()]

    def wait(self, timeout_s: float) -> None:
        """Wait until all are answered, but no longer than that."""
        wait([one.answer for one in self._flights.values()], timeout_s)

    def in_the_way(self, call: Call) -> Flight | None:
        """The flight that a notification has to wait for; None if it can begin.

        A picture follows a text whose fate is known: it comes with the text if that is sent again.
        """
        ours = [one for one in self._flights.values() if one.call.phone is call.phone]
        flying = [one for one in ours if not one.answer.done()]
        of_press = ours if call.notification.is_picture else flying
        for flight in of_press:
            if flight.call.notification.key == call.notification.key:
                return flight
        is_full = len(flying) + len(self._stuck_of(call.phone)) >= MOST_AT_ONCE
        return flying[0] if flying and is_full else None

    def is_stuck(self, phone: Phone) -> bool:
        """Whether too many answers of a phone's service have no end."""
        self._give_up()
        return len(self._stuck_of(phone)) >= MOST_AT_ONCE

    def is_awaited(self, phone: Phone) -> bool:
        """Whether a phone's service has not answered yet."""
        flights = self._flights.values()
        return any(one.call.phone is phone and not one.answer.done() for one in flights)

    def is_slow(self, call: Call) -> bool:
        """Whether a phone's service was slow with the last notification of this kind."""
        return self._took_s.get(_kind_of(call), 0.0) > SLOW_S

    def look_in_s(self, flight: Flight) -> float:
        """Seconds until an answer is looked for: when it usually comes, or ever more rarely."""
        waited_s = monotonic() - flight.began_s
        usual_s = 1.25 * self._took_s.get(_kind_of(flight.call), 0.0)
        return usual_s - waited_s if usual_s > waited_s else max(LOOK_S, waited_s)

    def begin(self, call: Call, previous: Receipt | None, patience_s: float) -> Flight:
        """Send a notification, in a thread: a service that never answers blocks only that.

        Args:
            call: The notification and its phone.
            previous: The receipt of the notification before it.
            patience_s: See Flight.
        """
        flight = Flight(call, patience_s, monotonic())
        self._flights[call.message, call.key] = flight
        for old in [key for key, one in self._flights.items() if one.answer.done()][:-REMEMBERED]:
            del self._flights[old]
        threading.Thread(target=_send, args=(flight, previous), daemon=True).start()
        return flight

    def end(self, flight: Flight) -> None:
        """The answer was read."""
        self._flights.pop((flight.call.message, flight.call.key), None)
        self._took_s[_kind_of(flight.call)] = flight.ended_s - flight.began_s

    def _give_up(self) -> None:
        """Expect no more answer of those that are on their way for long: they may be sent again."""
        now = monotonic()
        self._stuck = [one for one in self._stuck if not one.answer.done()]
        for flight in [*self._flights.values()]:
            if not flight.answer.done() and now - flight.began_s > STUCK_S:
                del self._flights[flight.call.message, flight.call.key]
                self._stuck.append(flight)

    def _stuck_of(self, phone: Phone) -> list[Flight]:
        return [one for one in self._stuck if one.call.phone is phone]


def _kind_of(call: Call) -> tuple[Phone, bool]:
    """What takes about as long as this one: to a phone a picture takes longer than a text."""
    return call.phone, call.notification.picture is not None


def _send(flight: Flight, previous: Receipt | None) -> None:
    try:
        sent = _sent(flight.call, previous)
    except Exception as error:  # noqa: BLE001 - one driver's fault must not reach other phones
        flight.ended_s = monotonic()
        flight.answer.set_exception(error)
    else:
        flight.ended_s = monotonic()
        flight.answer.set_result(sent)


def _sent(call: Call, previous: Receipt | None) -> Sent:
    """Send with the picture; without it where the service refuses it, and takes the text."""
    try:
        return Sent(call.phone.send(call.notification, previous))
    except PhonePartlyError as error:
        if not error.lacks_picture:
            raise
        return Sent(previous, str(error), error.retry_after_s)
    except PhoneRefusalError as refusal:
        if call.notification.picture is None:
            raise
        if call.notification.is_picture:
            return Sent(previous, str(refusal))
        text = replace(call.notification, picture=None)
        return Sent(call.phone.send(text, previous), str(refusal))
