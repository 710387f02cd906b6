"""Phones, each behind a notification service."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.phone.apprise.apprise_phone import ApprisePhone as ApprisePhone
    from devices.phone.delivery.dispatch_result import DispatchResult as DispatchResult
    from devices.phone.delivery.dispatcher import Dispatcher as Dispatcher
    from devices.phone.messenger.door_messenger import DoorMessenger as DoorMessenger
    from devices.phone.messenger.door_messenger import dry_run as dry_run
    from devices.phone.messenger.memory.ring_groups import Group as Group
    from devices.phone.messenger.memory.ring_groups import RingGroups as RingGroups
    from devices.phone.messenger.memory.sent_log import SentLog as SentLog
    from devices.phone.messenger.messenger import Messenger as Messenger
    from devices.phone.messenger.messenger import UndeliveredError as UndeliveredError
    from devices.phone.messenger.occasion import Link as Link
    from devices.phone.messenger.occasion import Occasion as Occasion
    from devices.phone.messenger.settings import DoorMessengerSettings as DoorMessengerSettings
    from devices.phone.messenger.visit import Visit as Visit
    from devices.phone.messenger.visit_messenger import VisitMessenger as VisitMessenger
    from devices.phone.ntfy import NtfyPhone as NtfyPhone
    from devices.phone.phone import Notification as Notification
    from devices.phone.phone import Phone as Phone
    from devices.phone.phone import PhoneAwayError as PhoneAwayError
    from devices.phone.phone import PhoneError as PhoneError
    from devices.phone.phone import PhonePartlyError as PhonePartlyError
    from devices.phone.phone import PhoneRefusalError as PhoneRefusalError
    from devices.phone.phone import Receipt as Receipt
    from devices.phone.phone import Recipient as Recipient
    from devices.phone.phone import ReplyButton as ReplyButton
    from devices.phone.phone import is_jpeg as is_jpeg
    from devices.phone.registry import fault_in_url as fault_in_url
    from devices.phone.registry import open_phones as open_phones
    from devices.phone.settings import PhoneSettings as PhoneSettings
    from devices.phone.settings import RecipientSettings as RecipientSettings
    from devices.phone.telegram import TelegramPhone as TelegramPhone
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "apprise.apprise_phone": ["ApprisePhone"],
            "delivery.dispatcher": ["Dispatcher"],
            "delivery.dispatch_result": ["DispatchResult"],
            "messenger.door_messenger": ["DoorMessenger", "dry_run"],
            "messenger.messenger": ["Messenger", "UndeliveredError"],
            "messenger.occasion": ["Link", "Occasion"],
            "messenger.memory.ring_groups": ["Group", "RingGroups"],
            "messenger.memory.sent_log": ["SentLog"],
            "messenger.settings": ["DoorMessengerSettings"],
            "messenger.visit": ["Visit"],
            "messenger.visit_messenger": ["VisitMessenger"],
            "ntfy": ["NtfyPhone"],
            "phone": [
                "Notification",
                "Phone",
                "PhoneAwayError",
                "PhoneError",
                "PhonePartlyError",
                "PhoneRefusalError",
                "Receipt",
                "Recipient",
                "ReplyButton",
                "is_jpeg",
            ],
            "registry": ["fault_in_url", "open_phones"],
            "settings": ["PhoneSettings", "RecipientSettings"],
            "telegram": ["TelegramPhone"],
        },
    )
