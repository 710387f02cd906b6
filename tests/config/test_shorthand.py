"""What people write for short means the same in every table, however deep it lies."""

from datetime import time

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from config import Settings, SettingsError
from config.faults import describe
from devices.lamp.settings import LampSettings
from devices.phone.settings import PhoneSettings
from devices.speaker.settings import SoundSettings
from hub import HandlerConfig
from hub.plugin import loader


class _Config(HandlerConfig, PhoneSettings, LampSettings, SoundSettings):
    pass


class _Author(BaseModel):
    at: time
    names: list[str]


class _OfAnAuthor(HandlerConfig):
    one: _Author | None = None
    many: dict[str, list[str]] | None = None


def _faults(table: dict[str, object], model: type[HandlerConfig] = _Config) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(table)
    return describe(refused.value, model, "x.py", "handlers.x")


def test_a_text_where_a_list_belongs_is_a_list_of_one():
    """Also in tables within a handler's table, whose models are the devices' or an author's own."""
    anna = {"urls": "ntfy://ntfy.sh/x", "doors": "front"}
    read = _Config.model_validate(
        {"recipients": {"anna": anna}, "scenes": {"back": {"lamps": "gpio:17"}}}
    )
    assert read.recipients["anna"].urls == [SecretStr("ntfy://ntfy.sh/x")]
    assert read.recipients["anna"].doors == ["front"]
    assert read.scenes["back"].lamps == ["gpio:17"]
    own = _OfAnAuthor.model_validate(
        {"one": {"at": "22:00", "names": "a"}, "many": {"b": "c", "d": '["e", "f"]'}}
    )
    assert own.one == _Author(at=time(22), names=["a"])
    assert own.many == {"b": ["c"], "d": ["e", "f"]}


def test_a_number_is_no_time_in_any_table():
    """22 would be 22 seconds after midnight."""
    anna = {"urls": "ntfy://ntfy.sh/x", "quiet_from": 22, "quiet_to": 7}
    not_a_time = "not a time. Write it like 22:00:00."
    assert _faults({"recipients": {"anna": anna}}) == [
        f"x.py: [handlers.x.recipients.anna] quiet_from: {not_a_time}",
        f"x.py: [handlers.x.recipients.anna] quiet_to: {not_a_time}",
    ]
    assert _faults({"one": {"at": 7, "names": "a"}}, _OfAnAuthor) == [
        f"x.py: [handlers.x.one] at: {not_a_time}"
    ]


def test_a_time_that_is_a_key_is_told_as_a_time():
    """A name is something else."""
    assert _faults({"volume_from": {"25:00": 20, "7": 3}}) == [
        "x.py: [handlers.x.volume_from] 25:00: not a time. Write it like 22:00:00.",
        "x.py: [handlers.x.volume_from] 7: not a time. Write it like 22:00:00.",
    ]


def test_an_unknown_table_of_a_handler_is_called_a_table(tmp_path):
    """It was written with brackets."""
    house = Settings(
        handlers={"notify": {"recipents": {"anna": {"urls": ["ntfy://ntfy.sh/x"]}}}},
        state_dir=tmp_path,
    )
    says = r"\[handlers\.notify\.recipents\]: unknown table\. Did you mean 'recipients'\?"
    with pytest.raises(SettingsError, match=says):
        loader.load(loader.SHIPPED / "notify.py", house)
