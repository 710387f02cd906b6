"""What became of one notification."""

import math
from dataclasses import dataclass, field

from devices.phone.phone import Receipt, Recipient


@dataclass
class DispatchResult:
    """What became of one notification. Phones are named by their keys.

    Attributes:
        text: What the notification says.
        why_not: Why nothing was sent, in words.
        asked: How many recipients it was for.
        delivered: The phones that have it, those of earlier attempts among them.
        refused: Why services refuse it for good, by phone, those of earlier attempts among them.
        failed: Why it is not known whether another attempt helps, by phone.
        away: Why services cannot take it now, by phone.
        doubtful: The phones among them whose services may have taken it, and have not said so.
        awaited: Which answers are waited for, by phone: another attempt reads them.
        under_way: The phones among them that this notification is under way to.
        lacking: The phones among the refused ones that have nothing of it.
        no_picture: Why services do not take its picture, by phone. The text has been delivered.
        receipts: The receipts of the services, by notification key and phone.
        held: Recipients in their quiet hours with a phone that cannot be silent.
        retry_after_s: Seconds after which one of those that are away is tried again, or an answer
            is looked for.
    """

    text: str = ""
    why_not: str = ""
    asked: int = 0
    delivered: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    awaited: dict[str, str] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    no_picture: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    held: list[Recipient] = field(default_factory=list)
    retry_after_s: float = math.inf

    @property
    def failures(self) -> list[str]:
        """Why the phones that do not have it do not have it, with the names of their recipients."""
        reasons = self.away | self.failed | self.refused
        return [of_recipient(key, reason) for key, reason in reasons.items()]

    @property
    def silences(self) -> list[str]:
        """Which answers are waited for, with the names of the recipients."""
        return [of_recipient(key, reason) for key, reason in self.awaited.items()]

    @property
    def is_complete(self) -> bool:
        """Whether no phone is left that does not have it."""
        return not self.failures and not self.awaited

    @property
    def note(self) -> str:
        """What was done, for people."""
        if self.why_not or not self.asked:
            return self.why_not or "no recipient now"
        if not self.delivered and not self.failures:
            return f"no phone to send it to now: {self.text}"
        note = f"sent to {len(self.delivered)}: {self.text}"
        if self.no_picture:
            note += f" (without the picture: {'; '.join(dict.fromkeys(self.no_picture.values()))})"
        return note

    def put_off(self, key: str, reason: str, wait_s: float) -> None:
        """A phone cannot have it now, and is tried again in so many seconds."""
        self.away[key] = reason
        self.retry_after_s = min(self.retry_after_s, wait_s)

    def wait_for(self, key: str, reason: str, look_s: float) -> None:
        """A phone's service has yet to answer, which is looked for in so many seconds."""
        self.awaited[key] = reason
        self.retry_after_s = min(self.retry_after_s, look_s)


def of_recipient(key: str, words: str) -> str:
    """Words about a phone, with the name of its recipient, if that has one."""
    name = key.partition("/")[0]
    return f"{name}: {words}" if name else words
