"""What a browser is told: the JSON that the page's service worker reads, and how long it counts."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from devices.phone.phone import Notification
from devices.phone.webpush.subscription import to_base64url
from devices.words import gettext as _

MESSAGE_BYTES = 4096  # what each push service must take (RFC 8030, 7.2)
OVERHEAD_BYTES = 103  # salt 16, record size 4, key 1 and 65, end of record 1, tag 16 (RFC 8188)
TEXT_BYTES = MESSAGE_BYTES - OVERHEAD_BYTES
KEPT_S = 86_400  # how long a push service keeps it for a phone that is off
SHORTEST_S = 60
TITLE_LENGTH = 60
TEXT_LENGTH = 1000
BUTTONS = 3
TOPIC_BYTES = 24  # 32 characters in base64url, and no more (RFC 8030, 5.4)


def message(notification: Notification, picture: Callable[[str], str]) -> bytes:
    """The JSON for hub/web/push/worker.js, of at most TEXT_BYTES.

    Args:
        notification: The message.
        picture: Gives the address of the picture with this key, below that of the page: the
            picture itself would be too large.
    """
    told: dict[str, Any] = {
        "title": notification.title[:TITLE_LENGTH] or "Doorbell",
        "text": (notification.update or notification.text)[:TEXT_LENGTH],
        "tag": notification.key,
        "silent": notification.silent,
        "again": not notification.is_picture,
        "buttons": [[one.label, one.path] for one in notification.buttons[:BUTTONS]],
    }
    if notification.buttons:
        told["unsent"] = _("Not sent. Tap to open the page")
    if notification.at:
        told["at"] = int(notification.at.timestamp() * 1000)
    if notification.late:
        told["late"] = notification.late[:TEXT_LENGTH]
    if notification.picture:
        told["picture"] = picture(notification.key)
    while len(encoded := _encode(told)) > TEXT_BYTES and told["text"]:
        for key in ("text", "late"):
            text = told.get(key, "")
            told[key] = text[: len(text) * 3 // 4]
    return encoded


def time_to_live_s(notification: Notification) -> int:
    """Seconds for which the push service keeps it: the visitor of yesterday is no news."""
    age_s = time.time() - notification.at.timestamp() if notification.at else 0.0
    return int(max(SHORTEST_S, min(KEPT_S, KEPT_S - age_s)))


def topic(key: str) -> str:
    """What makes a push service keep only the newest message of a notification (RFC 8030, 5.4)."""
    return to_base64url(hashlib.blake2b(key.encode(), digest_size=TOPIC_BYTES).digest())


def _encode(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
