"""Notifications that are on their way, each in a thread of its own."""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from devices.phone.phone import Notification, Phone, PhoneRefusalError, Receipt

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
    """

    receipt: Receipt | None = None
    no_picture: str = ""


@dataclass(eq=False)
class Flight:
    """A notification on its way.

    Attributes:
        call: The notification and its phone.
        answer: The service's answer, once it is there.
    """

    call: Call
    answer: Future[Sent] = field(default_factory=Future)


class Flights:
    """The notifications on their way, and those whose answers nobody has waited for.

    An answer that comes when its attempt is over belongs to the next attempt: a service that is
    slow is not sent the same notification twice.
    """

    def __init__(self) -> None:
        self._flights: OrderedDict[tuple[str, str], Flight] = OrderedDict()

    def find(self, call: Call) -> Flight | None:
        """The flight that an earlier attempt at this notification has begun."""
        return self._flights.get((call.message, call.key))

    def is_busy(self, phone: Phone) -> bool:
        """Whether a phone's service has another notification and has not answered yet."""
        return any(
            one.call.phone is phone and not one.answer.done() for one in self._flights.values()
        )

    def begin(self, call: Call, previous: Receipt | None) -> Flight:
        """Send a notification, in a thread: a service that never answers blocks only that.

        Args:
            call: The notification and its phone.
            previous: The receipt of the notification before it.
        """
        flight = Flight(call)
        self._flights[call.message, call.key] = flight
        for old in [key for key, one in self._flights.items() if one.answer.done()][:-REMEMBERED]:
            del self._flights[old]
        threading.Thread(target=_send, args=(flight, previous), daemon=True).start()
        return flight

    def end(self, flight: Flight) -> None:
        """The answer was read."""
        self._flights.pop((flight.call.message, flight.call.key), None)


def _send(flight: Flight, previous: Receipt | None) -> None:
    try:
        flight.answer.set_result(_sent(flight.call, previous))
    except Exception as error:  # noqa: BLE001 - one driver's fault must not reach other phones
        flight.answer.set_exception(error)


def _sent(call: Call, previous: Receipt | None) -> Sent:
    """Send with the picture; without it where the service refuses it, and takes the text."""
    try:
        return Sent(call.phone.send(call.notification, previous))
    except PhoneRefusalError as refusal:
        if call.notification.picture is None:
            raise
        if call.notification.is_picture:
            return Sent(previous, str(refusal))
        text = replace(call.notification, picture=None)
        return Sent(call.phone.send(text, previous), str(refusal))
