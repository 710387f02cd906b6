"""Under which name a phone is enrolled."""

import re

from devices.phone.webpush.page_name import LENGTH, plain_name
from hub.system.language import marked
from hub.web.login.user import User

NO_DEVICE = marked("This browser does not say which of your devices it is")
DEVICE = re.compile(r"[0-9a-f]{4}")


def name_of(user: User, device: str) -> str:
    """The name of a user's phone, of a-z, 0-9 and -: `annas-phone` for Anna's phone.

    Args:
        user: Who is logged in.
        device: What the page has told this browser to be, if a proxy names users: all phones of a
            user have one name there.

    Raises:
        ValueError: It has to say that, and does not.
    """
    if user.phone:
        return plain_name(user.name)
    if not DEVICE.fullmatch(device):
        raise ValueError(NO_DEVICE)
    return f"{plain_name(user.name)[: LENGTH - 5].rstrip('-')}-{device}"
