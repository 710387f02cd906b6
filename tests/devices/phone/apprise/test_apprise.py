"""Apprise: only what a house needs of it is loaded, and that before the first notification."""

import pytest

from tests.forked import PATIENCE_S
from tests.hub.fakes import python

LOADED = """
import sys
from devices.phone.apprise.address import service_of
for url in sys.argv[1:]:
    print(type(service_of(url)).__name__)
print(len([name for name in sys.modules if name.startswith("apprise.plugins.")]) < 20)
"""
FIRST = """
import logging
import sys
logging.basicConfig(level=logging.INFO)
from devices.phone import Notification, PhoneError, PhoneSettings
(recipient,) = PhoneSettings(urls=["json://127.0.0.1:1/"]).open_recipients()
before = set(sys.modules)
try:
    recipient.phones[0].send(Notification(title="Doorbell", text="Ding", key="1"))
except PhoneError as error:
    print(error)
print(sorted(set(sys.modules) - before))
"""
DISCORD = "discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("urls", "names", "is_small"),
    [
        (["ntfy://ntfy.sh/door"], ["NotifyNtfy"], True),
        (["json://h/", "mailtos://a:b@gmail.com", "ntfys://h/t"], ["JSON", "Email", "Ntfy"], True),
        ([f"https://{DISCORD}"], ["NotifyDiscord"], False),
        (["JSON://h/", f"https://{DISCORD}", "ntfy://h/t"], ["JSON", "Discord", "Ntfy"], False),
    ],
)
def test_only_the_plugins_of_a_house_are_loaded(urls, names, is_small):
    """All of them take 12 MB more, and are loaded for an address that a service shows only."""
    with python(LOADED, *urls) as process:
        said, told = process.communicate(timeout=PATIENCE_S)
    expected = [f"Notify{name.removeprefix('Notify')}" for name in names]
    assert said.split() == [*expected, str(is_small)], told


def test_without_a_temporary_folder_all_plugins_are_loaded():
    """A full or read-only disk keeps nobody from being notified."""
    broken = "import tempfile\ntempfile.tempdir = '/proc/nowhere'\n"
    with python(broken + LOADED, "json://h/") as process:
        said, told = process.communicate(timeout=PATIENCE_S)
    assert said.split() == ["NotifyJSON", "False"], told


def test_the_first_notification_loads_nothing():
    """What it needs was loaded, without a word in the log, when the phones were opened."""
    with python(FIRST) as process:
        said, told = process.communicate(timeout=PATIENCE_S)
    assert "Sent" not in told
    assert said.splitlines()[1:] == ["[]"], said + told
    assert said.startswith("json: ")


LAZY = """
import sys
from devices.phone import open_phones
open_phones("ntfy://h/door")
print("asyncio.events" in sys.modules)
import asyncio.subprocess
async def answer():
    await asyncio.sleep(0)
    return 5
print(asyncio.run(answer()), sys.modules["asyncio"].run is asyncio.run)
"""


def test_asyncio_is_loaded_only_when_a_service_uses_it():
    """It takes 1.5 MB, and the services that most houses have do without; it works all the same."""
    with python(LAZY) as process:
        said, told = process.communicate(timeout=PATIENCE_S)
    assert said.split() == ["False", "5", "True"], told
