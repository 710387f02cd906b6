"""Notifications that are on their way, each in a thread of its own."""

import threading
from collections import OrderedDict
from concurrent.futures import Future
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
MOST_STUCK = 3  # of a phone, because each keeps a thread
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
        answer: The service's answer, once it is there.
        began_s: When it began, in monotonic seconds.
    """

    call: Call
    patience_s: float
    answer: Future[Sent] = field(default_factory=Future)
    began_s: float = field(default_factory=monotonic)


class Flights:
    """The notifications on their way, and those whose answers nobody has waited for.

    An answer that comes when its attempt is over belongs to the next attempt: a service that is
    slow is not sent the same notification twice.
    """

    def __init__(self) -> None:
        self._flights: OrderedDict[tuple[str, str], Flight] = OrderedDict()
        self._stuck: list[Flight] = []

    def find(self, call: Call) -> Flight | None:
        """The flight that an earlier attempt at this notification has begun."""
        self._give_up()
        return self._flights.get((call.message, call.key))

    def is_busy(self, phone: Phone) -> bool:
        """Whether a phone's service has another notification and has not answered yet."""
        self._give_up()
        busy = [one for one in self._flights.values() if not one.answer.done()]
        stuck = [one for one in self._stuck if one.call.phone is phone]
        return len(stuck) >= MOST_STUCK or any(one.call.phone is phone for one in busy)

    def begin(self, call: Call, previous: Receipt | None, patience_s: float) -> Flight:
        """Send a notification, in a thread: a service that never answers blocks only that.

        Args:
            call: The notification and its phone.
            previous: The receipt of the notification before it.
            patience_s: See Flight.
        """
        flight = Flight(call, patience_s)
        self._flights[call.message, call.key] = flight
        for old in [key for key, one in self._flights.items() if one.answer.done()][:-REMEMBERED]:
            del self._flights[old]
        threading.Thread(target=_send, args=(flight, previous), daemon=True).start()
        return flight

    def end(self, flight: Flight) -> None:
        """The answer was read."""
        self._flights.pop((flight.call.message, flight.call.key), None)

    def _give_up(self) -> None:
        """Expect no more answer of those that are on their way for long: they may be sent again."""
        now = monotonic()
        self._stuck = [one for one in self._stuck if not one.answer.done()]
        for flight in [*self._flights.values()]:
            if not flight.answer.done() and now - flight.began_s > STUCK_S:
                self.end(flight)
                self._stuck.append(flight)


def _send(flight: Flight, previous: Receipt | None) -> None:
    try:
        flight.answer.set_result(_sent(flight.call, previous))
    except Exception as error:  # noqa: BLE001 - one driver's fault must not reach other phones
        flight.answer.set_exception(error)


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
