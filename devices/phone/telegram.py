"""Telegram, by its own interface: buttons, and messages that change.

https://core.telegram.org/bots/api
"""

import json
import os
from typing import Any

from devices.phone import reachability
from devices.phone.http import HttpError, call
from devices.phone.phone import Notification, PhoneError, Receipt

API = "https://api.telegram.org"
API_VARIABLE = "TELEGRAM_API"  # your own Bot API server (github.com/tdlib/telegram-bot-api)
BAD_REQUEST = 400
CHANGED_NOTHING = "message is not modified"


class TelegramPhone:
    """A chat of a bot.

    Args:
        service: Apprise's object of the URL.
        chat: The id of one of its chats.
    """

    has_address = True
    can_be_silent = True
    updates: bool | None = True
    name = "Telegram"

    def __init__(self, service: Any, chat: str) -> None:
        self._service = service
        self._chat = chat
        self._url = f"{os.environ.get(API_VARIABLE, API).rstrip('/')}/bot{service.bot_token}"

    def send(self, notification: Notification, previous: Receipt | None = None) -> Receipt | None:
        """See Phone. A message that was deleted in the meantime is sent anew."""
        if previous:
            try:
                self._change(notification, previous)
            except HttpError as error:
                if error.status != BAD_REQUEST:
                    raise PhoneError(f"{self.name} {error}") from None
                if CHANGED_NOTHING in str(error):
                    return previous
            else:
                has_picture = bool(notification.picture) or previous["picture"]
                return {**previous, "picture": has_picture}
        try:
            answer = self._send(notification)
        except HttpError as error:
            raise PhoneError(f"{self.name} {error}") from None
        try:
            message = answer["result"]["message_id"]
        except (TypeError, KeyError):
            raise PhoneError(f"{self.name} sent an unknown answer. Is its address right?") from None
        return {"message": message, "picture": bool(notification.picture)}

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return reachability.fault_in_reaching(self._service)

    def _send(self, notification: Notification) -> Any:
        fields: dict[str, Any] = {
            "chat_id": self._chat,
            "disable_notification": notification.silent,
            **_keyboard(notification),
        }
        if notification.picture:
            fields["caption"] = notification.text
            return self._upload("sendPhoto", notification, fields, "photo")
        fields["text"] = _with_title(notification, notification.text)
        return self._post("sendMessage", fields)

    def _change(self, notification: Notification, previous: Receipt) -> None:
        text = _with_title(notification, notification.update or notification.text)
        fields: dict[str, Any] = {
            "chat_id": self._chat,
            "message_id": previous["message"],
            **_keyboard(notification),
        }
        if notification.picture:
            media = {"type": "photo", "media": "attach://picture", "caption": text}
            fields["media"] = json.dumps(media)
            self._upload("editMessageMedia", notification, fields, "picture")
        elif previous["picture"]:
            self._post("editMessageCaption", {**fields, "caption": text})
        else:
            self._post("editMessageText", {**fields, "text": text})

    def _post(self, method: str, fields: dict[str, Any]) -> Any:
        """Call a method with a JSON body, in which the keyboard is an object."""
        body = dict(fields)
        if "reply_markup" in body:
            body["reply_markup"] = json.loads(body["reply_markup"])
        return call("POST", f"{self._url}/{method}", json=body)

    def _upload(
        self, method: str, notification: Notification, fields: dict[str, Any], name: str
    ) -> Any:
        """Call a method with a form, which contains the picture."""
        picture = notification.picture.read_bytes() if notification.picture else b""
        files = {name: ("door.jpg", picture, "image/jpeg")}
        return call("POST", f"{self._url}/{method}", data=fields, files=files)


def _with_title(notification: Notification, text: str) -> str:
    return f"{notification.title}: {text}" if notification.title else text


def _keyboard(notification: Notification) -> dict[str, str]:
    """Buttons that open their link, one in each row, because labels can be long."""
    rows = [[{"text": button.label, "url": button.url}] for button in notification.buttons]
    return {"reply_markup": json.dumps({"inline_keyboard": rows})} if rows else {}
