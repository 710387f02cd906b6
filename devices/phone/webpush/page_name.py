"""The name of a phone as others say it: in topics, in `webpush://NAME`, beside an answer."""

import re
import unicodedata

LENGTH = 32


def plain_name(words: str) -> str:
    """A text as a name: small letters without marks, and - between the words.

    Args:
        words: As a person has written it: `annas-phone` is made of Anna's Phone.
    """
    letters = unicodedata.normalize("NFKD", words.lower().replace("ß", "ss"))
    text = "".join(one for one in letters if not unicodedata.combining(one))
    text = re.sub(r"['\u2019`]", "", text)
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:LENGTH].rstrip("-") or "phone"
