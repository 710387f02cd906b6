"""Settings that light lamps: what they name, and what is wrong with them."""

import pytest
from pydantic import ValidationError

from devices.lamp import LampScene, LampSettings, LampState


def test_a_door_without_a_scene_has_the_one_lamp():
    """Lit as it likes; a scene may name others, and how they shine."""
    settings = LampSettings.model_validate(
        {"lamp": "gpio:22", "scenes": {"back": {"lamps": ["wled:a", "wled:b"], "kelvin": 2700}}}
    )
    assert settings.at("front") == (["gpio:22"], LampState(on=True))
    assert settings.at("back") == (["wled:a", "wled:b"], LampState(on=True, colour=2700))
    assert settings.lamps == ["gpio:22", "wled:a", "wled:b"]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["gpio:22", "gpio:22:low"], "GPIO 22 is named in two ways"),
        (["gpio:17"], "GPIO 17 is used by [doors.front.button]"),
        (["candle"], "'candle': not a lamp"),
    ],
)
def test_a_lamp_that_cannot_be_is_told(names, fault):
    """A line that is taken, one line with two names, a name of nothing."""
    settings = LampSettings.model_validate(
        {"lamp": names[0], "scenes": {"front": {"lamps": names[1:]}}}
    )
    (found,) = settings.faults_in_lamps({17: "[doors.front.button]"})
    assert fault in found


def test_an_unknown_key_of_a_scene_is_a_fault():
    """As in every table of the settings, and it does not show what was typed."""
    with pytest.raises(ValidationError) as told:
        LampScene.model_validate({"colour": "s3cret"})
    assert "s3cret" not in str(told.value)
