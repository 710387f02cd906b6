"""A handler's secrets are known by their type, their name, or their place in an address."""

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator

from hub import HandlerConfig
from hub.plugin.secret_settings import is_secret_name, secrets_in
from hub.system.log.masking import masked


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("token", True),
        ("api_key", True),
        ("apiKey", True),
        ("smtp-password", True),
        ("tokens", True),
        ("Authorization", True),
        ("password_dir", False),
        ("key_file", False),
        ("key", True),
        ("privateKey", True),
        ("sensor_key", False),
        ("keyboard", False),
        ("monkey", False),
        ("doors", False),
    ],
)
def test_a_name_tells_what_is_secret(name: str, *, is_secret: bool):
    """Its last word counts: the folder of passwords is none."""
    assert is_secret_name(name) == is_secret


class _Account(BaseModel):
    password: str = "defaultpass"  # noqa: S105 - no real one


class _Config(HandlerConfig):
    token: str = ""
    keys: dict[str, str] = Field({})
    camera: str = ""
    urls: list[SecretStr] = Field([])
    account: _Account = _Account()

    @field_validator("token")
    @classmethod
    def _is_long(cls, token: str) -> str:
        if len(token) == 8:
            raise ValueError(f"{token} is too short")
        return token


def test_every_secret_is_found():
    """Plain text by name, a table under such a name, an address, a SecretStr, a default."""
    config = _Config(
        token="tok-one",  # noqa: S106 - no real one
        keys={"front": "key-two"},
        camera="rtsp://admin:pass-three@cam/live",
        urls=[SecretStr("json://four")],
    )
    assert set(secrets_in(config)) == {
        "tok-one",
        "key-two",
        "pass-three",
        "json://four",
        "defaultpass",
    }
    assert masked("with tok-one, key-two and defaultpass") == "with ********, ******** and ********"


def test_the_key_of_something_is_secret_if_it_looks_like_a_token():
    """`sensor_key` names a number in a sensor's message; `camera_key` may be a key all the same."""
    assert set(secrets_in({"sensor_key": "illuminance_lux"})) == set()
    assert set(secrets_in({"camera_key": "q7Wd93klPz"})) == {"q7Wd93klPz"}


def test_a_fault_in_a_setting_does_not_show_it():
    """Its text is the author's, and may quote the value; masked, it may be printed."""
    with pytest.raises(ValidationError) as caught:
        _Config.model_validate({"token": "sevenand"})
    (fault,) = caught.value.errors(include_input=False, include_url=False)
    assert masked(fault["msg"]) == "Value error, ******** is too short"
