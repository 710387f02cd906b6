"""What is to be published on the topic of a door's pictures, and how."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from hub.mqtt.bus import Bus
from hub.wire.retained.picture import JPEG, PictureFacts

log = logging.getLogger(__name__)
Make = Callable[[int], bytes]
DELIVERY_S = 5.0
DAY_S = 86_400
MOST_S = 2**32 - 1  # MQTT 5, 3.3.2.3.3


@dataclass
class Order:
    """What is to be published on a topic; without `make` what is retained there is cleared."""

    make: Make | None = None
    facts: PictureFacts | None = None
    retain: bool = True
    keep_days: float | None = None
    failures: int = 0

    def properties(self) -> dict[str, object]:
        """Those of MQTT 5, by their names in paho."""
        found: dict[str, object] = {}
        if self.facts:
            found = {"ContentType": JPEG, "UserProperty": self.facts.user_properties()}
        if self.keep_days:
            found["MessageExpiryInterval"] = int(min(MOST_S, self.keep_days * DAY_S))
        return found


def made(make: Make, most_bytes: int, topic: str) -> bytes | None:
    """The picture; None if there is none, for whatever reason an author's function has."""
    try:
        jpeg = make(most_bytes)
    except OSError as error:  # like a camera's
        log.warning("no picture on %s: %s", topic, error)
    except Exception:
        log.exception("no picture on %s", topic)
    else:
        if len(jpeg) <= most_bytes:
            return jpeg
        log.warning("no picture on %s: %d bytes, %d at most", topic, len(jpeg), most_bytes)
    return None


def send(bus: Bus, topic: str, jpeg: bytes, order: Order) -> bool:
    """Publish a picture, or clear what is kept; gives whether the broker took it."""
    return bus.deliver(topic, jpeg, timeout_s=DELIVERY_S, retain=order.retain, **order.properties())
