"""The phones that have the page: who subscribed there, kept in a handler's memory."""

from collections.abc import Container, Mapping, MutableMapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from devices.phone.webpush.sender import PageLinks, Sender
from devices.phone.webpush.subscription import Subscription
from devices.phone.webpush.web_push_phone import WebPushPhone

MEMORY = "web push"
MOST = 50  # phones; the one that changed longest ago is forgotten


class PagePhones:
    """All phones that the settings name or that subscribed, by their names on the page.

    Args:
        memory: JSON values by key, which survive the process, like `hub.memory`.
        links: What the page knows, like `hub.page`.
    """

    def __init__(self, memory: MutableMapping[str, Any], links: PageLinks) -> None:
        self._memory = memory
        self._sender = Sender(links)
        self._phones: dict[str, WebPushPhone] = {}
        for name, kept in self._kept().items():
            with suppress(ValueError):  # of a push service at home, which is no longer allowed
                self.phone(name).subscription = Subscription.of(kept["subscription"])

    def phone(self, name: str) -> WebPushPhone:
        """The phone of this name, whether it has subscribed or not."""
        return self._phones.setdefault(name, WebPushPhone(name, self._sender))

    def others(self, named: Container[str]) -> list[WebPushPhone]:
        """The phones that have subscribed and are not among the named ones."""
        return [
            phone
            for name, phone in sorted(self._phones.items())
            if phone.subscription and name not in named
        ]

    def warm_up(self) -> None:
        """Load what a message takes, if there is a phone."""
        if self._phones:
            with suppress(OSError):  # each message will tell
                self._sender.load()

    def change(self, name: str, sealed: str, at: datetime) -> WebPushPhone | None:
        """A phone has subscribed, or no longer wants notifications.

        Args:
            name: The phone's name on the page.
            sealed: Its subscription, sealed by the page; empty when it has ended.
            at: When that was. What came later has been heard already: this changes nothing.

        Returns:
            The phone, if it has subscribed.

        Raises:
            ValueError: It is no subscription of a phone of this house.
        """
        kept = self._kept()
        if name in kept and kept[name]["at"] > at.isoformat():
            return None
        opened = self._sender.unseal(name, sealed) if sealed else None
        subscription = Subscription.of(opened) if opened else None
        phone = self.phone(name)
        is_known = phone.subscription == subscription
        phone.is_news = not (is_known and opened and opened.get("again"))
        phone.subscription = subscription
        phone.has_ended = False
        self._keep(name, subscription, at.isoformat())
        return phone if subscription else None

    def prune(self) -> bool:
        """Forget the subscriptions that have ended; whether there were any."""
        kept = self._kept()
        ended = [
            name
            for name, phone in self._phones.items()
            if phone.has_ended and name in kept and kept[name]["subscription"]
        ]
        for name in ended:
            self._keep(name, None, kept[name]["at"])
        return bool(ended)

    def _keep(self, name: str, subscription: Subscription | None, at: str) -> None:
        value = {"at": at, "subscription": subscription.as_json() if subscription else None}
        kept = {**self._kept(), name: value}
        newest = sorted(kept, key=lambda one: str(kept[one]["at"]))[-MOST:]
        self._memory[MEMORY] = {one: kept[one] for one in newest}

    def _kept(self) -> Mapping[str, Any]:
        kept: Mapping[str, Any] = self._memory.get(MEMORY, {})
        return kept
