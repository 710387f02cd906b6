"""Phones, each behind a notification service."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.phone.apprise import ApprisePhone as ApprisePhone
    from devices.phone.dispatcher import Dispatcher as Dispatcher
    from devices.phone.dispatcher import DispatchResult as DispatchResult
    from devices.phone.messenger import Messenger as Messenger
    from devices.phone.ntfy import NtfyPhone as NtfyPhone
    from devices.phone.phone import Notification as Notification
    from devices.phone.phone import Phone as Phone
    from devices.phone.phone import PhoneError as PhoneError
    from devices.phone.phone import Receipt as Receipt
    from devices.phone.phone import Recipient as Recipient
    from devices.phone.phone import ReplyButton as ReplyButton
    from devices.phone.phone import is_jpeg as is_jpeg
    from devices.phone.registry import fault_in_url as fault_in_url
    from devices.phone.registry import open_phones as open_phones
    from devices.phone.ring_groups import Group as Group
    from devices.phone.ring_groups import RingGroups as RingGroups
    from devices.phone.sent_log import SentLog as SentLog
    from devices.phone.settings import PhoneSettings as PhoneSettings
    from devices.phone.settings import RecipientSettings as RecipientSettings
    from devices.phone.telegram import TelegramPhone as TelegramPhone
    from devices.phone.visit_messenger import Visit as Visit
    from devices.phone.visit_messenger import VisitMessenger as VisitMessenger
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "apprise": ["ApprisePhone"],
            "dispatcher": ["DispatchResult", "Dispatcher"],
            "ring_groups": ["Group", "RingGroups"],
            "messenger": ["Messenger"],
            "ntfy": ["NtfyPhone"],
            "phone": [
                "Notification",
                "Phone",
                "PhoneError",
                "Receipt",
                "Recipient",
                "ReplyButton",
                "is_jpeg",
            ],
            "registry": ["fault_in_url", "open_phones"],
            "sent_log": ["SentLog"],
            "settings": ["PhoneSettings", "RecipientSettings"],
            "telegram": ["TelegramPhone"],
            "visit_messenger": ["Visit", "VisitMessenger"],
        },
    )
