"""ntfy, by its own interface: buttons, and notifications that change.

https://docs.ntfy.sh/publish/
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from devices.phone import reachability
from devices.phone.http import call, request_options, unknown_answer
from devices.phone.http_answer import HttpError, phone_error
from devices.phone.phone import Notification, Receipt, ReplyButton

# ntfy's own words (docs.ntfy.sh/publish/#message-priority), and then those of Apprise.
PRIORITIES = {"min": 1, "low": 2, "default": 3, "high": 4, "max": 5, "urgent": 5}
PRIORITIES |= {str(number): number for number in range(1, 6)}
PRIORITIES |= {"moderate": 2, "normal": 3, "emergency": 5}
SILENT = 2  # no sound, no vibration
MAX_BUTTONS = 3
# The options of an address, each with why it is not sent; empty where it is.
NTFY_OPTIONS = {
    "priority": "",
    "tags": "",
    "xtags": "",
    "click": "",
    "icon": "",
    "avatar_url": "",
    "email": "",
    "delay": "",
    "call": "",
    "image": "it would be Apprise's picture. Use icon",
    "attach": "the visitor's picture is the attachment",
    "filename": "the visitor's picture is the attachment",
    "actions": "the buttons are the answers",
    "optional": "a notification that fails is reported",
}
NTFY_ALIASES = {"xtags": "tags", "avatar_url": "icon"}
SENT_AS_IT_IS = ("click", "icon", "email", "delay", "call")


class NtfyPhone:
    """A topic of a server.

    Servers of version 2.16 and later change a notification when a message with the same
    `sequence_id` arrives. Older servers ignore that, and show a second notification.

    Args:
        service: Apprise's object of the URL.
        topic: One of its topics.
        options: The options of the URL; see NTFY_OPTIONS.
    """

    has_address = True
    can_be_silent = True

    def __init__(self, service: Any, topic: str, options: Mapping[str, str] | None = None) -> None:
        self._service = service
        self._topic = topic
        self._options = options or {}
        self._url = _server_url(service)
        self.name = f"ntfy {self._url.rpartition('//')[2]}"
        self.updates: bool | None = None

    def send(
        self,
        notification: Notification,
        previous: Receipt | None = None,  # noqa: ARG002 - the key is enough
    ) -> Receipt | None:
        """See Phone."""
        text = notification.text
        if self.updates and notification.update:
            text = notification.update
        message = {
            "title": notification.title,
            "message": text,
            "priority": self._priority(notification),
            "sequence_id": notification.key,
            "actions": [_action(button) for button in notification.links[:MAX_BUTTONS]],
            **self._extras(),
        }
        try:
            answer = self._post(notification, message)
            if not isinstance(answer, dict) or "id" not in answer:
                raise unknown_answer()
        except HttpError as error:
            raise phone_error(self.name, error) from None
        self.updates = "sequence_id" in answer
        return None

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return reachability.fault_in_reaching(self._service)

    def _priority(self, notification: Notification) -> int:
        if notification.silent:
            return SILENT
        word = self._options.get("priority", "").lower()
        return PRIORITIES.get(word, PRIORITIES["default"])

    def _post(self, notification: Notification, message: dict[str, Any]) -> Any:
        if notification.picture is None:
            body = {"topic": self._topic, **message}
            return call("POST", self._url, json=body, **self._access())
        # The picture is the body. The message is in the query: unlike a header it takes any letter.
        query = {
            **message,
            "actions": json.dumps(message["actions"]),
            "sequence-id": notification.key,
            "filename": "door.jpg",
        }
        del query["sequence_id"]
        if "tags" in query:
            query["tags"] = ",".join(query["tags"])
        url = f"{self._url}/{self._topic}"
        picture = notification.picture.read_bytes()
        return call("PUT", url, params=query, data=picture, **self._access())

    def _extras(self) -> dict[str, Any]:
        """What the address adds to each message: https://docs.ntfy.sh/publish/#publish-as-json."""
        extras: dict[str, Any] = {
            key: self._options[key] for key in SENT_AS_IT_IS if self._options.get(key)
        }
        if icon := self._options.get("avatar_url"):
            extras.setdefault("icon", icon)
        tags = self._options.get("xtags") or self._options.get("tags") or ""
        if words := [tag for tag in re.split(r"[\s,]+", tags) if tag]:
            extras["tags"] = words
        return extras

    def _access(self) -> dict[str, Any]:
        service = self._service
        access = request_options(service, self._options)
        if service.token:
            access["headers"] = {"Authorization": f"Bearer {service.token}"}
        elif service.user or service.password:  # a token may be a password without a name
            access["auth"] = (service.user or "", service.password or "")
        return access


def _server_url(service: Any) -> str:
    if service.mode == "cloud":
        return str(service.cloud_notify_url)
    scheme = "https" if service.secure else "http"
    port = f":{service.port}" if service.port else ""
    return f"{scheme}://{service.host}{port}"


def _action(button: ReplyButton) -> dict[str, Any]:
    return {
        "action": "http",
        "label": button.label,
        "url": button.url,
        "method": "POST",
        "clear": True,
    }
