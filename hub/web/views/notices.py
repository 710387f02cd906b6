"""What became of the reader's last action: a code in the address, and its words."""

from typing import NamedTuple

from hub.system.language import gettext as _


class Notice(NamedTuple):
    """What the page says above a view.

    Attributes:
        words: A sentence.
        is_bad: Whether it did not work.
    """

    words: str
    is_bad: bool = False


def notice_of(code: str | None) -> Notice | None:
    """The notice that a code in the address stands for; None for none, or an unknown one."""
    good = {
        "coming": _("Sent: Coming"),
        "leave_it": _("Sent: Leave it at the door"),
        "snooze": _("No more notifications to you for an hour"),
        "said": _("Your sentence was sent"),
        "quiet": _("The house is quiet now"),
        "loud": _("The bell is on"),
        "auto": _("The house is quiet when the settings say so"),
        "kept": _("This visit stays until you delete it"),
        "unkept": _("This visit is removed when it is old"),
        "deleted": _("The visit was deleted"),
        "drilled": _("The drill has begun. See below how it ends"),
        "pressed": _("The bell rang"),
    }
    bad = {
        "unsent": _("The doorbell does not respond. Nothing was sent. Try again"),
        "unconfirmed": _(
            "The doorbell did not confirm it. Look whether it was done before you try again"
        ),
        "gone": _("This visit was deleted"),
        "empty": _("Write a sentence of at most 200 characters"),
        "often": _("Too often. Try again in a minute"),
    }
    if code in good:
        return Notice(good[code])
    if code in bad:
        return Notice(bad[code], is_bad=True)
    return None
