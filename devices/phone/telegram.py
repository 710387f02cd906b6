"""Telegram, by its own interface: buttons, and messages that change.

https://core.telegram.org/bots/api
"""

import json
import logging
import os
import threading
from collections.abc import Mapping
from typing import Any

from devices.phone import reachability
from devices.phone.http import call, request_options, unknown_answer
from devices.phone.http_answer import HttpError, error_in, phone_error, refuses
from devices.phone.phone import Notification, Receipt

log = logging.getLogger(__name__)
API = "https://api.telegram.org"
API_VARIABLE = "TELEGRAM_API"  # your own Bot API server (github.com/tdlib/telegram-bot-api)
BAD_REQUEST = 400
NO_LOGIN = "the token is the login"
# The options of an address, each with why it is not sent; empty where it is.
TELEGRAM_OPTIONS = {
    "token": "write it before the chat",
    "user": NO_LOGIN,
    "password": NO_LOGIN,
    "pass": NO_LOGIN,
    "auth": NO_LOGIN,
    "port": "its server has one only",
    "topic": "",
    "thread": "",
    "silent": "",
    "preview": "",
    "album": "",
    "mdv": "",
    "detect": "",
    "image": "it would be Apprise's picture",
    "content": "a text stands below its picture",
    "template": "the text is doorbell's own",
    "optional": "a notification that fails is reported",
}
NO_BUTTONS = (
    "Telegram takes no buttons with this address: the texts come without them. "
    "Write a host with a dot into [web] url, like http://doorbell.home or an IP address"
)
CHANGED_NOTHING = "message is not modified"


class TelegramPhone:
    """A chat of a bot.

    Args:
        service: Apprise's object of the URL.
        chat: The id of one of its chats.
        topic: The id of a topic in it, where it is a forum.
        options: The options of the URL; see TELEGRAM_OPTIONS.
    """

    has_address = True
    can_be_silent = True
    updates: bool | None = True
    name = "Telegram"

    def __init__(
        self,
        service: Any,
        chat: str,
        topic: int | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._service = service
        self._chat = chat
        self._moving = threading.Lock()  # several notifications may be under way
        self._topic = topic
        if topic is None:
            self._topic = getattr(service, "topic", None)
        self._takes_buttons = True
        self._requests = request_options(service, options or {})
        self._url = f"{os.environ.get(API_VARIABLE, API).rstrip('/')}/bot{service.bot_token}"

    def send(self, notification: Notification, previous: Receipt | None = None) -> Receipt | None:
        """See Phone. A message that was deleted in the meantime is sent anew."""
        asked = self._chat
        try:
            return self._tell(notification, previous)
        except HttpError as error:
            if not self._moves(asked, error):
                raise phone_error(self.name, error) from None
        try:
            return self._tell(notification, None)
        except HttpError as error:
            raise phone_error(self.name, error) from None

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return reachability.fault_in_reaching(self._service)

    def _tell(self, notification: Notification, previous: Receipt | None) -> Receipt:
        if previous:
            try:
                self._change(notification, previous)
            except HttpError as error:
                if error.status != BAD_REQUEST or _new_chat(error):
                    raise
                if CHANGED_NOTHING in str(error):
                    return previous
            else:
                has_picture = bool(notification.picture) or previous["picture"]
                return {**previous, "picture": has_picture}
        answer = self._send(notification)
        return {"message": answer["message_id"], "picture": bool(notification.picture)}

    def _moves(self, asked: str, error: HttpError) -> bool:
        """Follow a group that has become a supergroup; the error names its new chat.

        Another notification that was under way may have followed it already.
        """
        chat = _new_chat(error)
        if chat is None or chat == asked:
            return False
        with self._moving:
            is_news = chat != self._chat
            self._chat = chat
        if is_news:
            log.warning("a Telegram chat has moved. Write its new id into the settings: %s", chat)
        return True

    def _send(self, notification: Notification) -> Any:
        fields: dict[str, Any] = {
            "chat_id": self._chat,
            "disable_notification": notification.silent or bool(self._service.silent),
            **self._keyboard(notification),
        }
        if self._topic is not None:
            fields["message_thread_id"] = self._topic
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
            **self._keyboard(notification),
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
        return self._call(method, json=body)

    def _upload(
        self, method: str, notification: Notification, fields: dict[str, Any], name: str
    ) -> Any:
        """Call a method with a form, which contains the picture."""
        picture = notification.picture.read_bytes() if notification.picture else b""
        files = {name: ("door.jpg", picture, "image/jpeg")}
        return self._call(method, data=fields, files=files)

    def _call(self, method: str, **more: Any) -> dict[str, Any]:
        """Call a method, without its buttons where Telegram takes their address for none."""
        try:
            return self._result(method, **more)
        except HttpError as error:
            fields = more.get("json") or more["data"]
            if not _is_of_buttons(error) or not fields.pop("reply_markup", None):
                raise
        self._takes_buttons = False
        log.warning("%s", NO_BUTTONS)
        return self._result(method, **more)

    def _result(self, method: str, **more: Any) -> dict[str, Any]:
        """Call a method, and give its result; an answer without one is an error."""
        answer = call("POST", f"{self._url}/{method}", **self._requests, **more)
        if refuses(answer):
            raise error_in(answer)
        if isinstance(answer, dict) and answer.get("ok") and isinstance(answer.get("result"), dict):
            return dict(answer["result"])
        raise unknown_answer()

    def _keyboard(self, notification: Notification) -> dict[str, str]:
        """Buttons that open their link, one in each row, because labels can be long."""
        rows = [[{"text": button.label, "url": button.url}] for button in notification.links]
        if not rows or not self._takes_buttons:
            return {}
        return {"reply_markup": json.dumps({"inline_keyboard": rows})}


def _with_title(notification: Notification, text: str) -> str:
    return f"{notification.title}: {text}" if notification.title else text


def _is_of_buttons(error: HttpError) -> bool:
    """Whether a button's address is refused: "button URL … is invalid", BUTTON_URL_INVALID."""
    text = str(error).lower()
    return error.status == BAD_REQUEST and "button" in text and "url" in text


def _new_chat(error: HttpError) -> str | None:
    """The chat that a group has moved to: `ResponseParameters` of the Bot API."""
    answer = error.answer if isinstance(error.answer, dict) else {}
    parameters = answer.get("parameters")
    chat = parameters.get("migrate_to_chat_id") if isinstance(parameters, dict) else None
    return None if chat is None else str(chat)
