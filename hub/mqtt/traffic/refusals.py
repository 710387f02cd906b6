"""What the broker refuses: told once, and offered again until the broker takes it."""

import logging

from hub.mqtt.connection.connect_errors import remedy

log = logging.getLogger(__name__)
KEPT = 100  # topics; more of them say nothing new
REFUSED = 0x80  # MQTT 5, 2.4: the first of the reason codes that are failures


class Refusals:
    """The topics that the broker does not let us listen or publish to.

    A refusal is not an acknowledgement: whatever was refused has to be offered again. It may be
    refused because of an access control list, which stays until a person acts, or because a node
    of a cluster is dying, which is over in a moment.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._words: dict[tuple[str, str], str] = {}

    def __bool__(self) -> bool:
        """Whether anything is refused now."""
        return bool(self._words)

    @property
    def words(self) -> str:
        """All of them, for people; empty when the broker refuses nothing."""
        return "; ".join(f"the broker {words}" for words in list(self._words.values()))

    def unheard(self) -> set[str]:
        """The topic filters whose subscription is refused."""
        return {topic for what, topic in list(self._words) if what == "listen"}

    def forget(self, topic_filter: str) -> None:
        """Nothing wants to listen to that any more."""
        self._words.pop(("listen", topic_filter), None)

    def clear(self, address: str) -> None:
        """A new connection: what it refuses will be told anew."""
        self._address = address
        self._words.clear()

    def note(self, what: str, topic: str, code: int, reason: str) -> bool:
        """Note the broker's answer; returns whether something has to be offered or told again.

        Args:
            what: `listen` or `publish`.
            topic: The topic or the filter that it is about.
            code: The reason code of its SUBACK or PUBACK (MQTT 5, 2.4).
            reason: The same in words.
        """
        key = what, topic
        if code < REFUSED:
            is_news = self._words.pop(key, None) is not None
            if is_news:
                log.info("broker %s lets us %s to %s now", self._address, what, topic)
            return is_news
        words = f"refuses that we {what} to {topic}: {remedy(code, reason)}"
        if self._words.get(key) != words and len(self._words) < KEPT:
            log.error("broker %s %s", self._address, words)
            self._words[key] = words
        return True
