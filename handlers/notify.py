"""Tell the phone: the text at once, the picture when there is one. Over a hundred services by way of Apprise."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apprise import Apprise, AppriseAsset
from pydantic import Field, SecretStr, field_validator

from devices.service import address_of, fault_in_reaching
from hub import Drop, Event, HandlerConfig, handler, memory

LATE_S = 60.0


class Config(HandlerConfig):
    """Settings of `notify`."""

    urls: list[SecretStr] = Field([], description="where to, as Apprise URLs, like ntfy://ntfy.sh/my-door")
    title: str = Field("Doorbell", description="the notification's title")
    drill_text: bool = Field(False, description="whether a drill sends a text, marked as one")
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


def reach(event: Event, config: Config, phones: list[Apprise]) -> str:
    """The dry run: does each service's host answer? It is told nothing, unless `drill_text` says so."""
    if config.drill_text:
        return _tell(event, phones, config, f"This is a drill: nobody is at the {config.door_name(event.door).lower()}")
    faults = [fault for phone in phones for service in phone if (fault := fault_in_reaching(service))]
    if faults:
        raise ConnectionError("; ".join(faults))
    known = sum(address_of(service) is not None for phone in phones for service in phone)
    return f"{known} of {len(phones)} services answer; nothing was sent" if phones else "no phone is set up"


@handler("doorbell.pressed", timeout_s=20, max_age_s=86_400, uses=open_phones, drill=reach)
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


@handler("doorbell.drill_failed", timeout_s=20, max_age_s=86_400, uses=open_phones)
def warn(event: Event, config: Config, phones: list[Apprise]) -> str:
    """A nightly drill found what no longer works: better told now than by the next visitor."""
    failed = [(one["handler"], one["reason"]) for one in event.data["failed"]]
    text = "\n".join(f"The doorbell's {name} does not work: {reason}" for name, reason in failed)
    return _tell(event, phones, config, text)


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
