"""Settings of a handler that notifies people: who they are, on which phones, and when."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import time
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from devices.machine.daily_window import DailyWindow
from devices.phone.phone import Phone, Recipient
from devices.phone.registry import fault_in_url, name_on_page, open_phones, warm_up

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")  # it is part of links and timers


def _are_services(urls: list[SecretStr]) -> list[SecretStr]:
    faults: dict[str, list[int]] = {}
    for number, url in enumerate(urls, 1):
        if fault := fault_in_url(url.get_secret_value()):
            faults.setdefault(fault, []).append(number)
    if faults:
        raise ValueError("; ".join(f"number {bad} {fault}" for fault, bad in faults.items()))
    return urls


def _is_local(at: time | None) -> time | None:
    if at is not None and at.tzinfo is not None:
        raise ValueError("a time of day is this machine's local one. Write it without a zone")
    return at


Urls = Annotated[list[SecretStr], AfterValidator(_are_services)]
LocalTime = Annotated[time | None, AfterValidator(_is_local)]


def _open(urls: list[SecretStr], on_page: Callable[[str], Phone] | None) -> list[Phone]:
    """The phones of one recipient; those with one name get the number of their address."""
    opened = [open_phones(url.get_secret_value(), on_page) for url in urls]
    phones = [phone for of_url in opened for phone in of_url]
    named = Counter({id(phone): phone.name for phone in phones}.values())
    for number, of_url in enumerate(opened, 1):
        for phone in of_url:
            if named[phone.name] > 1:
                phone.name += f" (number {number})"
    return phones


class RecipientSettings(BaseModel):
    """A person who is notified."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    urls: Urls = Field(min_length=1, description="the person's phones, as Apprise URLs")
    doors: list[str] | None = Field(None, description="only these doors; all when not set")
    after_s: float = Field(
        0, ge=0, le=3600, description="notified only if no answer has come after so long"
    )
    quiet_from: LocalTime = Field(None, description="notified silently from then on, like 22:00:00")
    quiet_to: LocalTime = Field(None, description="until then, like 07:00:00")

    @model_validator(mode="after")
    def _quiet_has_two_ends(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet_from and quiet_to go together. Set both, or neither")
        return self

    @property
    def quiet(self) -> DailyWindow | None:
        """The hours in which nothing may make a sound; None when there are none."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return DailyWindow(self.quiet_from, self.quiet_to)


class PhoneSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, PhoneSettings)`."""

    urls: Urls = Field(
        [], description="Apprise URLs that get every notification, like ntfy://ntfy.sh/my-door"
    )
    recipients: dict[str, RecipientSettings] = Field(
        {}, description="people, each with their own phones, doors and hours"
    )

    def faults_in_recipients(
        self, faults_in_doors: Callable[[str, list[str]], list[str]]
    ) -> list[str]:
        """A line for each name that cannot be one, and each door that is not there, for `check`.

        Args:
            faults_in_doors: The method of `HandlerConfig`.
        """
        faults = [
            f"recipients: {name!r}: not a name. Use a-z, 0-9, - and _, 32 characters at most"
            for name in self.recipients
            if not NAME.fullmatch(name)
        ]
        for name, recipient in self.recipients.items():
            faults += faults_in_doors(f"recipients.{name}", recipient.doors or [])
        return faults

    def open_recipients(self, on_page: Callable[[str], Phone] | None = None) -> list[Recipient]:
        """All recipients with their phones; the one without a name has the `urls` of everybody.

        This takes seconds, and much memory: it loads Apprise, and all that the first notification
        needs.

        Args:
            on_page: Gives the phone with this name on the page, for `webpush://NAME`.

        Raises:
            ValueError: There is a `webpush://NAME`, and no `on_page`.
        """
        settings = dict(self.recipients)
        if self.urls:
            settings = {"": RecipientSettings(urls=self.urls)} | settings
        recipients = [
            Recipient(
                name=name,
                phones=_open(one.urls, on_page),
                doors=one.doors,
                after_s=one.after_s,
                quiet=one.quiet,
            )
            for name, one in settings.items()
        ]
        if any(
            not name_on_page(url.get_secret_value())
            for one in settings.values()
            for url in one.urls
        ):
            warm_up()
        return recipients
