"""Tell the phone: the text at once, the picture when there is one. Over a hundred services by way of Apprise."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apprise import Apprise, AppriseAsset
from pydantic import Field, SecretStr, field_validator

from hub import Drop, Event, HandlerConfig, handler, memory

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
        logging.getLogger("apprise").setLevel(logging.INFO)  # at DEBUG it logs tokens
        if bad:
            raise ValueError(f"number {bad} is no notification service. See https://github.com/caronc/apprise/wiki")
        return urls


@contextmanager
def open_phones(config: Config) -> Iterator[list[Apprise]]:
    """One for each service, so that none is told twice because another one failed; made at start, which takes time."""
    phones = [Apprise(asset=AppriseAsset(app_id="doorbell", async_mode=False)) for _ in config.urls]
    for phone, url in zip(phones, config.urls, strict=True):
        phone.add(url.get_secret_value())
        for service in phone:
            service.request_rate_per_sec = 0  # Apprise would hold the next visitor's text back for 5 seconds
    yield phones


@handler("doorbell.pressed", timeout_s=20, max_age_s=86_400, uses=open_phones)
def notify(event: Event, config: Config, phones: list[Apprise]) -> str:
    """Say that somebody is there, or that somebody was."""
    door = config.door_name(event.door)
    text = f"Somebody is at the {door.lower()}"
    if event.age_s() > LATE_S:
        text = f"You missed a visitor at the {door.lower()} at {event.time.astimezone():%H:%M}"
    return _tell(event, phones, config, text)


@handler("snapshot.taken", timeout_s=30, max_age_s=600, uses=open_phones)
def show(event: Event, config: Config, phones: list[Apprise]) -> str:
    """Let the picture follow."""
    if not config.picture:
        return "pictures are switched off"
    picture = Path(str(event.data.get("path")))
    if not _is_jpeg(picture):
        raise Drop("the picture is gone, or is none")
    text = f"This is who was there at {event.time.astimezone():%H:%M}"
    return _tell(event, phones, config, text, attach=str(picture))


def _tell(event: Event, phones: list[Apprise], config: Config, text: str, **more: Any) -> str:
    """Tell each service; who has been told is remembered, so that the next attempt tells only the others."""
    if not phones:
        return f"no phone is set up; it would have read: {text}"
    key = f"told {event.id}"
    told = memory.get(key, []) if event.attempt > 1 else []
    for number, phone in enumerate(phones):
        if number not in told and phone.notify(body=text, title=config.title, **more):
            told.append(number)
    if len(told) < len(phones):
        if told:
            memory[key] = told
        raise ConnectionError(f"{len(phones) - len(told)} of {len(phones)} services did not take it; the log says more")
    if event.attempt > 1:
        memory.pop(key, None)
    return f"told {len(phones)}: {text}"


def _is_jpeg(path: Path) -> bool:
    """Only pictures leave the house, whatever file an event names."""
    try:
        with path.open("rb") as file:
            return file.read(3) == b"\xff\xd8\xff"
    except OSError:
        return False
