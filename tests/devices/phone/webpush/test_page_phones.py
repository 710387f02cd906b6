"""The phones that have the page: how they are named, kept, and what they cost others."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from devices.phone import fault_in_url, open_phones
from devices.phone.webpush.page_phones import MEMORY, MOST, PagePhones
from tests.devices.phone.webpush.conftest import Links
from tests.house import ROOT
from tests.servers.push_service import Browser

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENDPOINT = "https://push.example/x"


class Sealed(Links):
    """Opens each seal, which is the endpoint."""

    def unseal(self, _, sealed):
        return Browser().subscription(sealed)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("webpush://annas-phone", None),
        ("WebPush://annas-phone/", None),
        ("webpush://", "is not webpush:// and the name of a phone on the page"),
        ("webpush://Anna's phone", "is not webpush:// and the name of a phone on the page"),
        ("webpush://annas-phone?silent=yes", "is not webpush:// and the name of a phone"),
    ],
)
def test_an_address_names_a_phone_on_the_page(url, fault):
    """With nothing behind it: what it said would not be sent."""
    found = fault_in_url(url)
    assert found == fault or (found and found.startswith(fault))


def test_a_handler_without_the_page_has_no_such_phone():
    """It says so, and does not send elsewhere."""
    with pytest.raises(ValueError, match="no page"):
        open_phones("webpush://annas-phone")


def test_a_bounded_number_of_phones_is_kept():
    """The one that changed longest ago makes room, in a house whose phones come and go."""
    memory = {}
    phones = PagePhones(memory, Sealed())
    for number in range(MOST + 5):
        phones.change(f"phone-{number}", ENDPOINT, NOW + timedelta(seconds=number))
    assert len(memory[MEMORY]) == MOST
    assert "phone-4" not in memory[MEMORY]
    assert len(PagePhones(memory, Sealed()).others(())) == MOST


def test_what_is_kept_of_a_push_service_at_home_is_left_out_without_leave(monkeypatch):
    """The process starts all the same."""
    monkeypatch.setenv("PUSH_SERVICE_AT_HOME", "yes")
    memory = {}
    PagePhones(memory, Sealed()).change("annas-phone", "https://localhost/x", NOW)
    assert PagePhones(memory, Sealed()).others(())
    monkeypatch.delenv("PUSH_SERVICE_AT_HOME")
    assert not PagePhones(memory, Sealed()).others(())


def test_a_house_pays_for_its_own_services_only():
    """With web push alone no Apprise is loaded; without web push no cryptography."""
    code = """
import sys
from devices.phone.messenger.door_messenger import DoorMessenger
from devices.phone.registry import fault_in_url
assert fault_in_url("webpush://annas-phone") is None
loaded = sorted({"apprise", "requests", "cryptography", "asyncio"} & sys.modules.keys())
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
