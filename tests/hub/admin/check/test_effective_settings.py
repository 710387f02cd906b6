"""The settings in force as TOML, with nothing in it that must stay secret."""

import tomllib

import pytest

from config import Settings
from hub.admin.check import effective_settings
from hub.admin.check.handler_files import Inspection

FILE = '''
from datetime import timedelta
from pydantic import AnyUrl, SecretStr
from hub import Event, HandlerConfig, handler

class Config(HandlerConfig):
    {key}: {type}

@handler("doorbell.pressed")
def shout(event: Event, config: Config) -> None:
    """Shout."""
'''


@pytest.fixture
def shown(tmp_path):
    """What is printed for one handler of ours with one setting."""

    def show_it(key, kind, value, **more):
        folder = tmp_path / "handlers"
        folder.mkdir(exist_ok=True)
        (folder / "shout.py").write_text(FILE.format(key=key, type=kind), encoding="utf-8")
        settings = Settings(
            handlers={"shout": {key: value}}, handlers_dir=folder, state_dir=tmp_path, **more
        )
        return effective_settings.settings_in_force(settings, Inspection(settings))

    return show_it


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        ("words", "SecretStr", "hunter2"),
        ("words", "list[SecretStr]", ["hunter2"]),
        ("words", "dict[str, SecretStr]", {"a": "hunter2"}),
        ("password", "str", "hunter2"),
        ("api_key", "str", "hunter2"),
        ("apikey", "str", "hunter2"),
        ("bot_token", "str", "hunter2"),
        ("client_secret", "str", "hunter2"),
        ("Credentials", "list[str]", ["hunter2"]),
        ("pins", "dict[str, str]", {"TOKEN": "hunter2"}),
        ("url", "str", "rtsp://admin:hunter2@camera.local/1"),
        ("urls", "list[str]", ["http://a/", "https://hunter2@b/x"]),
        ("words", "str", "see mqtt://u:hunter2@host and http://u:hunter2@host"),
        pytest.param("url", "str", "rtsp://admin:p@hunter2@camera.local/1"),
    ],
)
def test_a_secret_is_masked(shown, key, kind, value):
    """By its type, its key, or its place in an address, of which the rest stays readable."""
    text = shown(key, kind, value)
    assert "hunter2" not in text
    assert effective_settings.MASK in text
    assert "camera.local" in text or "camera" not in str(value)


def test_the_brokers_password_is_masked(shown):
    """Its user name is not masked: that is what a reader looks for."""
    text = shown("words", "str", "x", broker={"username": "bell", "password": "hunter2"})
    broker = tomllib.loads(text)["broker"]
    assert (broker["username"], broker["password"]) == ("bell", effective_settings.MASK)


def test_what_is_in_force_is_toml_with_every_default(shown):
    """All tables, with the handlers' own defaults; unset values are left out."""
    said = tomllib.loads(shown("words", "str", "hello"))
    assert said["handlers"]["shout"] == {"enabled": True, "words": "hello"}
    assert said["handlers"]["record"]["clip_s"] == 10
    assert said["doors"]["front"]["button"]["driver"] == "simulated"
    assert "latitude" not in said["house"]


def test_a_handler_with_a_fault_is_told_beside_the_others(shown):
    """It is a comment, so that the text is still TOML, and shows no value."""
    text = shown("words", "int", "hunter2")
    assert "shout" not in tomllib.loads(text)["handlers"]
    assert "[handlers.shout] words: " in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("kind", "value"), [("AnyUrl", "http://example.org/"), ("timedelta", "PT5S"), ("bytes", "abc")]
)
def test_a_setting_of_any_type_can_be_shown(shown, kind, value):
    """One handler's unusual setting does not hide all the others."""
    assert "shout" in tomllib.loads(shown("words", kind, value))["handlers"]
