"""The name of a phone as others say it: in topics, in `webpush://NAME`, beside an answer."""

import re
import unicodedata

from hub.web.login.user import User

LENGTH = 32
DEVICE = re.compile(r"[0-9a-f]{4}")


def name_of(user: User, device: str) -> str:
    """The name of a user's phone, of a-z, 0-9 and -: `annas-phone` for Anna's phone.

    Args:
        user: Who is logged in.
        device: What the page has told this browser to be, if a proxy names users: all phones of a
            user have one name there.
    """
    if user.phone:
        return plain(user.name)
    ending = device if DEVICE.fullmatch(device) else "0000"
    return f"{plain(user.name)[: LENGTH - 5].rstrip('-')}-{ending}"


def plain(words: str) -> str:
    """A text as a name: small letters without marks, and - between the words."""
    letters = unicodedata.normalize("NFKD", words.lower().replace("ß", "ss"))
    text = "".join(one for one in letters if not unicodedata.combining(one))
    text = re.sub(r"['\u2019`]", "", text)
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:LENGTH].rstrip("-") or "phone"
