"""Tell the phone: the text at once, the picture when there is one. Over a hundred services by way of Apprise."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apprise import Apprise, AppriseAsset
from pydantic import Field, SecretStr, field_validator

from hub import Drop, Event, HandlerConfig, handler

LATE_S = 60.0


class Config(HandlerConfig):
    """Settings of `notify`."""

    urls: list[SecretStr] = Field([], description="where to, as Apprise URLs, like ntfy://ntfy.sh/my-door")
    title: str = Field("Doorbell", description="the notification's title")
    picture: bool = Field(True, description="whether the picture follows")

    @field_validator("urls")
    @classmethod
    def _are_services(cls, urls: list[SecretStr]) -> list[SecretStr]:
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log the refused URL with its password
        bad = [number for number, url in enumerate(urls, 1) if Apprise.instantiate(url.get_secret_value()) is None]
        logging.getLogger("apprise").setLevel(logging.NOTSET)
        if bad:
            raise ValueError(f"number {bad} is no notification service. See https://github.com/caronc/apprise/wiki")
        return urls


@contextmanager
def open_phone(config: Config) -> Iterator[Apprise]:
    """The services; made at start, since the first use takes half a second."""
    phone = Apprise(asset=AppriseAsset(app_id="doorbell", async_mode=False))
    for url in config.urls:
        phone.add(url.get_secret_value())
    for service in phone:
        service.request_rate_per_sec = 0  # Apprise would hold the next visitor's text back for 5 seconds
    yield phone


@handler("doorbell.pressed", timeout_s=20, max_age_s=86_400, uses=open_phone)
def notify(event: Event, config: Config, phone: Apprise) -> str:
    """Say that somebody is there, or that somebody was."""
    door = config.door_name(event.door)
    text = f"Somebody is at the {door.lower()}"
    if event.age_s(datetime.now(UTC)) > LATE_S:
        text = f"You missed a visitor at the {door.lower()} at {event.time.astimezone():%H:%M}"
    return _tell(phone, config, text)


@handler("snapshot.taken", timeout_s=30, max_age_s=600, uses=open_phone)
def show(event: Event, config: Config, phone: Apprise) -> str:
    """Let the picture follow."""
    if not config.picture:
        return "pictures are switched off"
    if not Path(event.data["path"]).is_file():
        raise Drop("the picture is gone")
    return _tell(phone, config, f"This is who was there at {event.time.astimezone():%H:%M}", attach=event.data["path"])


def _tell(phone: Apprise, config: Config, text: str, **more: Any) -> str:
    if not config.urls:
        return f"no phone is set up; it would have read: {text}"
    told = phone.notify(body=text, title=config.title, **more)
    if not told:
        raise ConnectionError("not every service took it; the log says which")
    return f"told {len(config.urls)}: {text}"
