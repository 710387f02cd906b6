"""A browser with the page of this house, as a phone: web push (RFC 8030, 8188, 8291, 8292)."""

from devices.phone.http_answer import HttpError, phone_error
from devices.phone.phone import Notification, PhoneError, PhoneRefusalError, Receipt
from devices.phone.webpush import push_service
from devices.phone.webpush.message import message, time_to_live_s, topic
from devices.phone.webpush.sender import Sender
from devices.phone.webpush.subscription import Subscription

GONE = (404, 410)  # the subscription has ended (RFC 8030, 7.3)
DENIED = (401, 403)  # our signature: perhaps our clock is wrong


class WebPushPhone:
    """A phone on whose page somebody has chosen "Notify this phone", or is to choose it.

    Args:
        page_name: The phone's name on the page.
        sender: Encrypts, signs and delivers.

    Attributes:
        page_name: The phone's name on the page.
        subscription: Where its browser takes messages; None before it has subscribed, and after
            the subscription has ended.
        has_ended: Whether its push service has said that the subscription has ended.
        is_news: Whether a person has just chosen it; else the page has only said it again, as it
            does once a month.
    """

    has_address = True
    can_be_silent = True
    updates: bool | None = True

    def __init__(self, page_name: str, sender: Sender) -> None:
        self.page_name = page_name
        self.name = f"web push to {page_name}"
        self.subscription: Subscription | None = None
        self.has_ended = False
        self.is_news = False
        self._sender = sender

    @property
    def absence(self) -> str:
        """Why it has no subscription, and what to do."""
        why = "does not take notifications yet"
        if self.has_ended:
            why = "no longer takes notifications"
        remedy = 'Open the page on it and choose "Notify this phone"'
        return f"the phone {self.page_name} {why}. {remedy}"

    def send(
        self,
        notification: Notification,
        previous: Receipt | None = None,  # noqa: ARG002 - the key is enough
    ) -> Receipt | None:
        """See Phone. The browser shows the message in place of the last one with the same key."""
        subscription = self.subscription
        if subscription is None:
            raise PhoneRefusalError(self.absence)
        headers = {
            "TTL": str(time_to_live_s(notification)),
            "Urgency": "normal" if notification.silent else "high",
            "Topic": topic(notification.key),
        }
        try:
            self._sender.send(message(notification, self._sender.picture), subscription, headers)
        except HttpError as error:
            raise self._error(error, subscription) from None
        except OSError as error:
            raise PhoneError(f"{self.name}: the key of the house: {error.strerror}") from None
        except ValueError:
            raise PhoneRefusalError(f"{self.name}: its browser gave a key that is none") from None
        return None

    def fault_in_reaching(self) -> str | None:
        """See Phone."""
        if self.subscription is None:
            return self.absence
        return push_service.fault_in_reaching(self.subscription.endpoint)

    def _error(self, error: HttpError, subscription: Subscription) -> PhoneError:
        if error.status in GONE:
            if self.subscription is subscription:  # else there is a new one meanwhile
                self.subscription = None
                self.has_ended = True
            return PhoneRefusalError(f"{self.name} {error}: {self.absence}")
        if error.status in DENIED:
            return PhoneError(f"{self.name} {error}")
        return phone_error(self.name, error)
