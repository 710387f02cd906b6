"""ntfy, by its own interface: buttons, and a picture that takes the place of the text (https://docs.ntfy.sh/publish/)."""

import json
from typing import Any

from devices.phone import reachability as services
from devices.phone.http import HttpError, call
from devices.phone.phone import Button, Note, PhoneError, Sent

PRIORITIES = {"min": 1, "low": 2, "default": 3, "high": 4, "max": 5}
SILENT = 2  # no sound, no vibration
BUTTONS = 3  # as many as it shows


class NtfyPhone:
    """A topic of a server.

    A server of 2.16 and later changes a notification when the same `sequence_id` comes again; older ones know no such
    thing, and show a second one.

    Args:
        service: Apprise's object of the URL, from which its parts are taken.
        topic: One of its topics.
    """

    has_address = True
    can_be_silent = True

    def __init__(self, service: Any, topic: str) -> None:
        self._service, self._topic = service, topic
        port = f":{service.port}" if service.port else ""
        is_cloud = service.mode == "cloud"
        self._url = (
            service.cloud_notify_url
            if is_cloud
            else f"http{'s' * service.secure}://{service.host}{port}"
        )
        self.name = f"ntfy {self._url.rpartition('//')[2]}"
        self.updates: bool | None = None

    def tell(self, note: Note, before: Sent | None = None) -> Sent | None:  # noqa: ARG002 - the key is enough
        """See Phone."""
        self._tell(self._topic, note)
        return None

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return services.fault_in_reaching(self._service)

    def _tell(self, topic: str, note: Note) -> None:
        priority = SILENT if note.silent else PRIORITIES.get(str(self._service.priority), 3)
        words = {
            "title": note.title,
            "message": (note.update if self.updates else "") or note.text,
            "priority": priority,
            "sequence_id": note.key,
            "actions": [_action(button) for button in note.buttons[:BUTTONS]],
        }
        try:
            if note.picture:
                told = self._send_picture(topic, note, words)
            else:
                told = call("POST", self._url, json={"topic": topic, **words}, **self._login())
        except HttpError as error:
            raise PhoneError(f"{self.name} {error}") from None
        self.updates = isinstance(told, dict) and "sequence_id" in told

    def _send_picture(self, topic: str, note: Note, words: dict[str, Any]) -> Any:
        """Its words go into the query, which, other than a header, takes any letter."""
        query = {
            **words,
            "actions": json.dumps(words["actions"]),
            "sequence-id": note.key,
            "filename": "door.jpg",
        }
        del query["sequence_id"]
        data = note.picture.read_bytes() if note.picture else b""
        return call("PUT", f"{self._url}/{topic}", params=query, data=data, **self._login())

    def _login(self) -> dict[str, Any]:
        service = self._service
        verify = {"verify": bool(service.verify_certificate)}
        if service.token:
            return {"headers": {"Authorization": f"Bearer {service.token}"}, **verify}
        return (
            {"auth": (service.user, service.password or ""), **verify} if service.user else verify
        )


def _action(button: Button) -> dict[str, Any]:
    return {
        "action": "http",
        "label": button.label,
        "url": button.url,
        "method": "POST",
        "clear": True,
    }
