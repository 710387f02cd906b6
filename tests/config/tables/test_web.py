"""`[web]`: an address that a phone can open, or a sentence about what is wrong with it."""

import pytest

from config import SettingsError
from config.model import Web
from config.reading import sources


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://door.example.org", "https://door.example.org"),
        ("https://home.example.org/bell/", "https://home.example.org/bell"),
        ("http://192.168.1.5:8780", "http://192.168.1.5:8780"),
        ("http://[fd00::5]:8780/", "http://[fd00::5]:8780"),
        (None, None),
    ],
)
def test_an_address_is_taken_without_its_last_slash(given, taken):
    """With a port, a path, or none."""
    assert Web(url=given).url == taken


@pytest.mark.parametrize(
    "bad",
    [
        "door.example.org",
        "ftp://door",
        "https://",
        "https://a b",
        "https://d/?x=1",
        "https://d/#x",
        "https://u:p@d",
        "",
        "/a",
    ],
)
def test_what_is_no_address_is_told(bad):
    """Also one with a query or a password in it, which a link cannot go behind."""
    with pytest.raises(ValueError, match="not an address of a web page"):
        Web(url=bad)


def test_a_wrong_address_is_told_without_a_stack(tmp_path):
    """As every fault in the settings."""
    path = tmp_path / "doorbell.toml"
    path.write_text('[web]\nurl = "door"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[web\] url: .*Write https://door\.example\.org"):
        sources.load(path)


@pytest.mark.parametrize(
    ("web", "wanted"),
    [
        ({}, False),
        ({"port": 80, "listen": "0.0.0.0"}, False),
        ({"page": True}, True),
        ({"url": "https://door"}, True),
        ({"url": "https://door", "page": False}, True),
        ({"page": False}, False),
    ],
)
def test_an_installed_machine_runs_it_only_when_it_is_asked_for(web, wanted):
    """By the page or by links; an address to listen on alone asks for nothing."""
    assert Web(**web).is_wanted is wanted


@pytest.mark.parametrize("header", ["Remote-User", "Tailscale-User-Login", "X-Remote-User-Name"])
def test_a_proxy_may_name_the_user(header):
    """From the addresses that are named with it."""
    assert Web(user_header=header, proxies=["127.0.0.1", "fd00::5"]).user_header == header


@pytest.mark.parametrize(
    ("web", "why"),
    [
        ({"user_header": "Remote-User"}, "user_header needs proxies"),
        ({"user_header": "Remote-User", "proxies": []}, "user_header needs proxies"),
        ({"user_header": "Remote-User", "proxies": ["10.0.0.0/8"]}, "is a whole network"),
        ({"user_header": "Remote-User", "proxies": ["0.0.0.0/0"]}, "is a whole network"),
        ({"user_header": "Remote-User", "proxies": ["::/0", "::1"]}, "is a whole network"),
        ({"user_header": "User-Agent", "proxies": ["127.0.0.1"]}, "it would let strangers in"),
        ({"user_header": "x-forwarded-for", "proxies": ["127.0.0.1"]}, "let strangers in"),
        ({"user_header": "Cookie", "proxies": ["127.0.0.1"]}, "it would let strangers in"),
        ({"user_header": "Remote User", "proxies": ["127.0.0.1"]}, "not the name of a header"),
        ({"proxies": ["proxy.local"]}, "not an address or network"),
        ({"proxies": ["192.168.1.5/24"]}, "not an address or network"),
    ],
)
def test_what_would_let_strangers_in_is_refused(web, why):
    """By `doorbell check` and by every process, before anything is served."""
    with pytest.raises(ValueError, match=why):
        Web(**web)
