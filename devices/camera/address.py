"""Addresses as they may be shown: cameras take passwords before the host, in the path and in the query."""

import re

LOGIN = re.compile(r"(?<=://)\S*@")  # to the last @: a password may hold a slash, too
REST = re.compile(r"(\w://[^/\s?]+[/?])\S*[=&?]\S*")


def without_password(text: str, mask: str = "") -> str:
    """A text, with each address in it as far as it may be shown: `rtsp://host:554/…`.

    Args:
        text: An address, or words with some.
        mask: What stands in place of a login, before the `@`; without one nothing of it is shown.
    """
    return REST.sub(r"\1…", LOGIN.sub(f"{mask}@" if mask else "", text))
