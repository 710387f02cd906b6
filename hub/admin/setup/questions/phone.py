"""The phone: which service, and whether a test message arrives."""

import re
import secrets
import string
from typing import Any

from devices.phone import Notification, PhoneError, fault_in_url, open_phones
from hub.admin.setup.dialog import NONE, Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.toml_edit import Changes
from hub.wire.event import uuid7

NOTIFY = ("handlers", "notify")
AS_NOW = "as now"
NTFY = re.compile(r"^ntfy$", re.IGNORECASE)  # short for what is proposed
LETTERS = string.ascii_lowercase + string.digits
LENGTH = 16  # 82 bits: it cannot be guessed
HINTS = (
    "ntfy: is the topic on the phone the same, letter for letter?",
    "May the app show notifications, and run in the background?",
    "Telegram: write a word to your bot first; a bot cannot begin. docs/notifications.md has more.",
)


def ask_phone(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for one or more URLs, and send each a message; none switches `notify` off."""
    urls = [
        url for url in draft.get(*NOTIFY, "urls", kind=list, default=[]) if isinstance(url, str)
    ]
    people: dict[str, Any] = draft.get(*NOTIFY, "recipients", kind=dict, default={})
    proposed = f"ntfy://ntfy.sh/door-{''.join(secrets.choice(LETTERS) for _ in range(LENGTH))}"
    topic = proposed.rpartition("/")[2]
    default = AS_NOW if urls or people else proposed
    if people:
        dialog.explain(f"Set already, and left as they are: the recipients {', '.join(people)}.")
    if urls or people:
        dialog.explain(f"As now: {', '.join(map(service, urls)) or 'nobody else'}.")
    else:
        dialog.explain(
            "The simplest is the free app ntfy; it needs no account. Whoever knows the topic can "
            "read its messages, so yours is random. Install ntfy on the phone, tap +, and "
            "subscribe to this topic; then write ntfy here."
        )
        dialog.show(f"    {topic}")
    dialog.explain(
        "Or another service: tgram://BOT_TOKEN/CHAT_ID for Telegram, or one of a hundred more in "
        "https://github.com/caronc/apprise/wiki. Write several with spaces between them, or none."
    )
    default = NONE if draft.get(*NOTIFY, "enabled", kind=bool) is False else default
    while True:
        wanted = dialog.ask(
            "URL", default, lambda typed: understand_urls(NTFY.sub(proposed, typed), urls)
        )
        if wanted is None:
            return {(*NOTIFY, "enabled"): False}
        if proposed in wanted:
            dialog.show(f"The topic is {topic}")
        if all(_comes(dialog, draft, url) for url in wanted):
            return {(*NOTIFY, "urls"): wanted or None, (*NOTIFY, "enabled"): None}


def understand_urls(typed: str, known: list[str]) -> list[str] | None:
    """The URLs; the present ones for "as now", None for "none".

    Raises:
        ValueError: a URL is not of a notification service; the text does not quote it.
    """
    if typed.lower() in (NONE, AS_NOW):
        return None if typed.lower() == NONE else known
    urls = typed.split()
    for number, url in enumerate(urls, 1):
        if fault := fault_in_url(url):
            raise ValueError(f"number {number} {fault}" if len(urls) > 1 else f"this {fault}")
    return urls


def service(url: str) -> str:
    """The part of a URL that is not secret."""
    return f"{url.partition('://')[0]}://…"


def send(url: str) -> list[str]:
    """Tell it a few words, as `notify` does; gives what went wrong."""
    faults = []
    for phone in open_phones(url):
        notification = Notification(
            title="Doorbell", text="It works: this is where your doorbell will ring", key=uuid7()
        )
        try:
            phone.send(notification)
        except PhoneError as error:
            faults.append(str(error))
    return faults


def _comes(dialog: Dialog, draft: Draft, url: str) -> bool:
    """Send a test message, and ask whether it arrived; returns whether to take the URL."""
    if not dialog.agree(f"Send a test message to {service(url)}?"):
        return True
    dialog.show("Sending …")
    if faults := send(url):
        for fault in faults:
            dialog.explain(f"✗ {fault.replace(url, service(url))}")
        return dialog.agree(
            "Take it all the same?",
            default=url in draft.get(*NOTIFY, "urls", kind=list, default=[]),
        )
    dialog.show("The service has accepted it.")
    if dialog.agree("Did it arrive?"):
        return True
    for hint in HINTS:
        dialog.explain(f"→ {hint}")
    return not dialog.agree("Try again, or another URL?")
