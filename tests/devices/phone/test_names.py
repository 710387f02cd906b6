"""What a phone is called in logs and dead letters: no two have one name, and none is a secret."""

import pytest

from devices.phone import PhoneSettings
from tests.devices.phone.service import TOKEN


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("urls", "names"),
    [
        (["ntfy://ntfy.sh/S3CRET"], ["ntfy ntfy.sh"]),
        (
            ["ntfy://ntfy.sh/S3CRET", "ntfy://ntfy.sh/S3CRET-2", "json://h"],
            ["ntfy ntfy.sh (number 1)", "ntfy ntfy.sh (number 2)", "json"],
        ),
        (
            ["ntfy://ntfy.sh/S3CRET/S3CRET-2"],
            ["ntfy ntfy.sh (target 1 of 2)", "ntfy ntfy.sh (target 2 of 2)"],
        ),
        (
            [f"tgram://{TOKEN}/4711/4712", f"tgram://{TOKEN}/4713"],
            ["Telegram (target 1 of 2)", "Telegram (target 2 of 2)", "Telegram"],
        ),
        (["json://h/S3CRET", "json://h/S3CRET-2"], ["json (number 1)", "json (number 2)"]),
    ],
)
def test_two_phones_have_two_names(urls, names):
    """By the number of the address in the settings, and of the topic or chat in the address."""
    (everybody,) = PhoneSettings(urls=urls).open_recipients()
    assert [phone.name for phone in everybody.phones] == names
