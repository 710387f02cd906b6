"""A service that takes its time, and a messenger with a phone behind it and another one."""

import asyncio
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller

from devices.machine import Moment
from devices.phone import Messenger, Notification, Recipient, UndeliveredError
from devices.phone.delivery.dispatcher import Patience
from devices.phone.registry import open_phones
from tests.devices.phone.service import Answer, Service, serving
from tests.house import free_port, until

NOW = Moment(datetime.now(UTC).timestamp())
PATIENCE = Patience(30.0, 30.0, 0.1, 30.0)  # the machine may be busy
SLOW_S = 20.0  # no quick one is slow, on a busy machine either


class Slow:
    """A service that answers when it may.

    Attributes:
        urls: Its addresses, by kind.
        answer: What it says then.
        may_answer: Whether it may.
    """

    def __init__(self) -> None:
        self.answer = Answer()
        self.may_answer = threading.Event()
        self.mails = 0
        self.served: Service
        self.urls: dict[str, str]

    @property
    def number(self) -> int:
        """How many messages it got."""
        return len(self.served.got) + self.mails

    def reply(self, _: object) -> Answer:
        assert self.may_answer.wait(60)
        return self.answer

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails += 1
        assert await asyncio.to_thread(self.may_answer.wait, 60)
        return "250 OK"


@contextmanager
def slow_service() -> Iterator[Slow]:
    slow = Slow()
    post = Controller(slow, hostname="127.0.0.1", port=free_port())
    with serving() as slow.served:
        slow.served.answer = slow.reply
        post.start()
        mail = f"mailto://127.0.0.1:{post.port}/?from=a@example.org&to=b@example.org&mode=insecure"
        slow.urls = {kind: slow.served.url(kind) for kind in ("ntfy", "tgram", "json")}
        slow.urls["mail"] = mail
        try:
            yield slow
        finally:
            slow.may_answer.set()
            post.stop()


class House:
    """A messenger with a slow phone and a quick one; another process goes on with what is saved.

    It knows already that the slow one is slow.
    """

    def __init__(self, slow_phones, quick, saved=None):
        self.memory, self.saved = dict(saved or {}), dict(saved or {})
        people = [
            Recipient("anna", slow_phones),
            Recipient("ben", open_phones(quick.url("json"))),
        ]
        self.messenger = Messenger(people, 10, self.memory, self._save)
        self.messenger.patience = PATIENCE
        for phone in people[0].phones:
            self.messenger._flights._took_s |= {
                (phone, has_picture): 2 * SLOW_S for has_picture in (False, True)
            }

    def _save(self):
        self.saved = dict(self.memory)

    def tells(self, event, press="", **more):
        note = Notification(
            title="Doorbell", text="Ding", key=press or event, is_follow_up=bool(press), **more
        )
        said = self.messenger.deliver(note, self.messenger.recipients, event, at=NOW)
        self._save()
        return said

    def waits(self, event, press="", **more):
        with pytest.raises(UndeliveredError) as told:
            self.tells(event, press, **more)
        return told.value

    def goes_on(self, event, press="", **more):
        """Make further attempts until one is the last."""

        def attempt():
            try:
                return self.tells(event, press, **more).note
            except UndeliveredError as error:
                return str(error) if error.retry_after_s == math.inf else None

        return until(attempt, f"{event} has an end")
