"""Camera addresses without their passwords, which can be before the host, in the path or query."""

import re

LOGIN = re.compile(r"(?<=://)\S*@")  # up to the last @, because a password may contain a slash
QUERY = re.compile(r"(\w://[^/\s?]+[/?])\S*[=&?]\S*")


def without_password(text: str, mask: str = "") -> str:
    """Remove the secrets from each address in a text: `rtsp://host:554/…`.

    Args:
        text: An address, or a sentence that contains addresses.
        mask: What replaces a login, before the `@`. Without a mask nothing of the login is shown.
    """
    login = f"{mask}@" if mask else ""
    return QUERY.sub(r"\1…", LOGIN.sub(login, text))
