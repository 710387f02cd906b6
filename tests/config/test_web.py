"""`[web]`: an address that a phone can open, or a sentence about what is wrong with it."""

import pytest

from config import SettingsError, sources
from config.model import Web


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
