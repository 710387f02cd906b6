"""Messages about visitors: whom to tell at once, whom later, and who reads the answer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.machine import Moment
from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.messenger.messenger import Messenger
from devices.phone.messenger.occasion import Link, Occasion
from devices.phone.messenger.visit import Visit
from devices.phone.phone import Notification, Phone, Recipient, ReplyButton


class VisitMessenger(Messenger, ABC):
    """A messenger that knows visitors, and recipients who are told later.

    A subclass says which answers a person can give, and has `tell_waiting` called later.

    Args:
        recipients: See Messenger, as for the next three.
        group_s: See Messenger.
        memory: See Messenger.
        save: See Messenger.
        title: The headline of all messages.
    """

    def __init__(
        self,
        recipients: Sequence[Recipient],
        group_s: float,
        memory: MutableMapping[str, Any],
        save: Callable[[], None],
        *,
        title: str,
    ) -> None:
        super().__init__(recipients, group_s, memory, save)
        self._title = title

    @abstractmethod
    def links_for(self, occasion: Any, by: str) -> Iterable[Link]:
        """The answers to an occasion, for the recipient of this name."""

    @abstractmethod
    def call_later(self, place: str, wait_s: float, data: Mapping[str, Any]) -> None:
        """Have `tell_waiting` called after so many seconds with this data.

        Args:
            place: Names the recipient and the visit: a second call with it replaces the first.
            wait_s: After how many seconds.
            data: What `tell_waiting` gets.
        """

    def visit(self, press: Occasion) -> Visit:
        """The visit that a press belongs to."""
        moment = Moment.seen(press)
        first, count = self.group(press.id, press.door, moment)
        return Visit(first, press.door, moment, count)

    def first_at(self, door: str) -> list[Recipient]:
        """The recipients who are told at once."""
        return [one for one in self.recipients_at(door) if not one.after_s]

    def plan(self, visit: Visit) -> None:
        """Have the other recipients told later, if nobody has answered by then."""
        for recipient in self.recipients_at(visit.door):
            if recipient.after_s:
                self._wait(recipient, recipient.after_s, visit)

    def is_answered(self, visit: Visit) -> bool:
        """Whether somebody has answered since this visitor rang."""
        return self.log.is_answered(visit.door, visit.moment)

    def tell(
        self,
        occasion: Occasion,
        recipients: Sequence[Recipient],
        text: str,
        *,
        press: str = "",
        visit: Visit | None = None,
        wanted: Callable[[Phone], bool] = lambda _: True,
        update: str = "",
        picture: Path | None = None,
        silent: bool = False,
        is_picture: bool = False,
        late: str = "",
    ) -> DispatchResult:
        """Notify each phone once, with answers in the recipient's name.

        Args:
            occasion: The event that it follows from.
            recipients: Whom to notify.
            text: What the message says.
            press: The press whose notification is changed, where a service can do that.
            visit: Recipients who must not be woken are told of this when they are awake.
            wanted: Chooses the phones.
            update: See Notification.
            picture: See Notification.
            silent: See Notification.
            is_picture: See Notification.
            late: See Notification.

        Raises:
            ConnectionError: Some services did not take it. Another attempt is for those only.
        """

        def buttons(recipient: Recipient) -> list[ReplyButton]:
            links = self.links_for(occasion, recipient.name)
            return [ReplyButton(link.label, link.url, link.path) for link in links]

        def hold(recipient: Recipient) -> None:
            if visit:
                wait_s = recipient.wakes_in_s(datetime.now().astimezone())
                self._wait(recipient, wait_s, visit, held=True)

        message = Notification(
            title=self._title,
            text=text,
            key=press or occasion.id,
            update=update,
            picture=picture,
            silent=silent,
            is_picture=is_picture,
            is_follow_up=bool(press) and visit is None,
            at=visit.time if visit else occasion.time,
            late=late,
        )
        return self.deliver(
            message,
            recipients,
            occasion.id,
            at=Moment.seen(occasion),
            buttons=buttons,
            wanted=wanted,
            on_hold=hold,
        )

    def tell_waiting(
        self, occasion: Occasion, data: Mapping[str, Any], text: str, late: str = ""
    ) -> DispatchResult:
        """Notify the recipient whose turn has come; the data is that of `call_later`.

        Raises:
            ConnectionError: Some services did not take it. Another attempt is for those only.
        """
        visit = Visit.of(data)

        def wanted(phone: Phone) -> bool:
            return not (data["held"] and phone.can_be_silent)  # else it was told silently

        result = self.tell(
            occasion,
            [one for one in self.recipients if one.name == data["name"]],
            text,
            press=visit.press,
            visit=visit,
            wanted=wanted,
            picture=self.picture(visit.press),
            late=late,
        )
        if result.delivered:
            self.log.record_escalation(visit.press, data["name"])
        return result

    def readers(self, press: str, door: str, by: str, *, by_link: bool) -> list[Recipient]:
        """The recipients who know of a press, without the one who answered it.

        Args:
            press: The id of the press.
            door: Where it was.
            by: Who answered; empty if that is unknown.
            by_link: Whether the answer came by a link. Then one without a name is one of those
                recipients who have none.
        """
        told_later = self.log.escalated_to(press)

        def is_reader(recipient: Recipient) -> bool:
            is_own = recipient.name == by and (bool(by) or by_link)
            return not is_own and (not recipient.after_s or recipient.name in told_later)

        return [one for one in self.recipients_at(door) if is_reader(one)]

    def _wait(
        self, recipient: Recipient, wait_s: float, visit: Visit, *, held: bool = False
    ) -> None:
        place = f"{recipient.name or 'all'}-{visit.press[-12:]}"
        data = {**visit.as_json(), "name": recipient.name, "held": held}
        self.call_later(place, wait_s, data)
