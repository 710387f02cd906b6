"""Talks with visitors: a phone's microphone and the door's speaker, and the door's microphone."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.talk.check import fault_in_microphone as fault_in_microphone
    from devices.talk.check import try_microphone as try_microphone
    from devices.talk.intercom import Intercom as Intercom
    from devices.talk.intercom import open_intercom as open_intercom
    from devices.talk.settings import TalkSettings as TalkSettings
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "check": ["fault_in_microphone", "try_microphone"],
            "intercom": ["Intercom", "open_intercom"],
            "settings": ["TalkSettings"],
        },
    )
