"""A messenger that also tells the phones on whose page somebody chose "Notify this phone"."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.messenger.occasion import HandlerApi, Occasion
from devices.phone.messenger.settings import DoorMessengerSettings
from devices.phone.messenger.visit_messenger import VisitMessenger
from devices.phone.phone import Recipient
from devices.phone.webpush.page_name import plain_name
from devices.phone.webpush.page_phones import PagePhones
from devices.phone.webpush.web_push_phone import WebPushPhone
from devices.words import gettext as _


class PageMessenger(VisitMessenger):
    """Knows the recipients of the settings, and the phones that have the page.

    A phone that the settings do not name is a recipient of its own, or belongs to the one that has
    its name.

    Args:
        settings: Who is told, on which phones, and how.
        hub: The module `hub`.
    """

    def __init__(self, settings: DoorMessengerSettings, hub: HandlerApi) -> None:
        self.settings = settings
        self.hub = hub
        self._page = PagePhones(hub.memory, hub.page)
        self._named = settings.open_recipients(self._page.phone)
        self._page.warm_up()
        super().__init__(
            self._everybody(),
            settings.group_s,
            hub.memory,
            hub.checkpoint,
            title=settings.title,
        )

    @property
    def has_page_phones(self) -> bool:
        """Whether any phone has subscribed on the page."""
        return bool(self._page.others(()))

    def on_trouble(self, tell: Callable[[str], None]) -> None:
        """See Messenger. A phone that is to be told and has not subscribed is one at once."""
        super().on_trouble(tell)
        self._troubles.update(DispatchResult(refused=self._absent()), has_picture=False)

    def enrol(self, changed: Occasion) -> DispatchResult:
        """A phone with the page is told from now on, and reads that it is; or no more.

        Args:
            changed: `doorbell.push_changed`; its subject is the name of the phone.

        Raises:
            ConnectionError: Its push service did not take the notification.
        """
        name = changed.door
        try:
            phone = self._page.change(name, str(changed.data["subscription"]), changed.time)
        except ValueError as error:
            return DispatchResult(why_not=f"{name} cannot be told of anything: {error}")
        self.recipients = self._everybody()
        if phone is None:
            return DispatchResult(why_not=f"{name} is told of nothing more")
        if not phone.is_news:
            return DispatchResult(why_not=f"{name} is told as before")
        return self.tell(
            changed,
            [one for one in self.recipients if phone in one.phones],
            _("This phone is told when somebody rings."),
            wanted=lambda one: one is phone,
        )

    def recipient_of(self, by: str) -> str:
        """The recipient who answered: by their own name, or by that of their phone on the page."""
        if not by or any(one.name == by for one in self.recipients):
            return by
        name = plain_name(by)
        for recipient in self.recipients:
            for phone in recipient.phones:
                if isinstance(phone, WebPushPhone) and phone.page_name == name:
                    return recipient.name
        return by

    def deliver(self, *args: Any, **more: Any) -> DispatchResult:
        """See Messenger. A subscription that its push service has ended is forgotten."""
        try:
            return super().deliver(*args, **more)
        finally:
            if self._page.prune():
                self._save()
                self.recipients = self._everybody()

    def _everybody(self) -> list[Recipient]:
        named = {phone.page_name for _, phone in self._named_on_page()}
        people = {one.name: one for one in self._named}
        for phone in self._page.others(named):
            known = people.get(phone.page_name, Recipient(phone.page_name, []))
            people[known.name] = replace(known, phones=[*known.phones, phone])
        return [*people.values()]

    def _named_on_page(self) -> Iterator[tuple[str, WebPushPhone]]:
        """The phones with the page that the settings name, each with its key."""
        for recipient in self._named:
            for number, phone in enumerate(recipient.phones):
                if isinstance(phone, WebPushPhone):
                    yield f"{recipient.name}/{number}", phone

    def _absent(self) -> dict[str, str]:
        """Those of them that have no subscription, each with what to do."""
        return {
            key: phone.absence for key, phone in self._named_on_page() if not phone.subscription
        }
