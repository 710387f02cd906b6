"""Telegram, by its own interface: buttons, and a picture that is added to the text (https://core.telegram.org/bots/api)."""

import json
import os
from typing import Any

from devices.phone import reachability as services
from devices.phone.http import HttpError, call
from devices.phone.phone import Note, PhoneError, Sent

API = "https://api.telegram.org"
API_VARIABLE = "TELEGRAM_API"  # the address of a Bot API server of one's own (github.com/tdlib/telegram-bot-api)
BAD_REQUEST = 400
CHANGED_NOTHING = "message is not modified"


class TelegramPhone:
    """A chat of a bot.

    Args:
        service: Apprise's object of the URL, from which its parts are taken.
        chat: One of its chats.
    """

    has_address = True
    can_be_silent = True
    updates: bool | None = True
    name = "Telegram"

    def __init__(self, service: Any, chat: str) -> None:
        self._service, self._chat = service, chat
        self._url = f"{os.environ.get(API_VARIABLE, API).rstrip('/')}/bot{service.bot_token}"

    def tell(self, note: Note, before: Sent | None = None) -> Sent | None:
        """See Phone."""
        return self._tell(self._chat, note, before)

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        return services.fault_in_reaching(self._service)

    def _tell(self, chat: str, note: Note, before: Sent | None) -> Sent:
        """A new message, or the one before changed; one that was deleted meanwhile is told anew."""
        if before:
            try:
                self._change(chat, note, before)
                return {**before, "picture": bool(note.picture) or before["picture"]}
            except HttpError as error:
                if error.status != BAD_REQUEST:
                    raise PhoneError(f"{self.name} {error}") from None
                if CHANGED_NOTHING in str(error):
                    return before
        try:
            said = self._send(chat, note)
        except HttpError as error:
            raise PhoneError(f"{self.name} {error}") from None
        try:
            return {"message": said["result"]["message_id"], "picture": bool(note.picture)}
        except (TypeError, KeyError):
            raise PhoneError(
                f"{self.name} answers what is none of its answers. Is its address right?"
            ) from None

    def _send(self, chat: str, note: Note) -> Any:
        more = {"chat_id": chat, "disable_notification": note.silent, **_keyboard(note)}
        if note.picture:
            return self._upload("sendPhoto", note, {**more, "caption": note.text}, "photo")
        return call(
            "POST",
            f"{self._url}/sendMessage",
            json={**_read(more), "text": _headed(note, note.text)},
        )

    def _change(self, chat: str, note: Note, before: Sent) -> None:
        text = _headed(note, note.update or note.text)
        which = {"chat_id": chat, "message_id": before["message"], **_keyboard(note)}
        if note.picture:
            media = {"type": "photo", "media": "attach://picture", "caption": text}
            self._upload("editMessageMedia", note, {**which, "media": json.dumps(media)}, "picture")
        elif before["picture"]:
            call("POST", f"{self._url}/editMessageCaption", json={**_read(which), "caption": text})
        else:
            call("POST", f"{self._url}/editMessageText", json={**_read(which), "text": text})

    def _upload(self, method: str, note: Note, words: dict[str, Any], name: str) -> Any:
        picture = note.picture.read_bytes() if note.picture else b""
        return call(
            "POST",
            f"{self._url}/{method}",
            data=words,
            files={name: ("door.jpg", picture, "image/jpeg")},
        )


def _headed(note: Note, text: str) -> str:
    return f"{note.title}: {text}" if note.title else text


def _keyboard(note: Note) -> dict[str, str]:
    """Buttons open their link: one row each, as long labels want."""
    rows = [[{"text": button.label, "url": button.url}] for button in note.buttons]
    return {"reply_markup": json.dumps({"inline_keyboard": rows})} if rows else {}


def _read(words: dict[str, Any]) -> dict[str, Any]:
    """In a JSON body the keyboard is an object; in a form it is text."""
    return {
        key: json.loads(value) if key == "reply_markup" else value for key, value in words.items()
    }
