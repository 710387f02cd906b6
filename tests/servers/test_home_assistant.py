"""The Home Assistant that other tests use is a real one."""

import time
from pathlib import Path

import pytest

from tests.house import AGAIN_S, Ears, until
from tests.servers.brokers import BrokerProcess
from tests.servers.home_assistant import home_assistant, installed

FOLDER = installed()


@pytest.mark.skipif(FOLDER is None, reason="HOMEASSISTANT=DIR, see .ci/get-homeassistant")
def test_its_automation_answers_on_the_broker(tmp_path: Path, our_mosquitto: BrokerProcess) -> None:
    """It is onboarded and connected: an automation hears a message and publishes another one."""
    ears = Ears(our_mosquitto.port, "bell/answered")
    with home_assistant(FOLDER, tmp_path / "config", our_mosquitto.port) as home:
        home.automate("bell", trigger_topic="bell/pressed", publish_topic="bell/answered")
        asked_at = 0.0

        def is_answered() -> bool:
            nonlocal asked_at
            if time.monotonic() - asked_at > AGAIN_S:  # it subscribes some time after it is on
                asked_at = time.monotonic()
                ears.publish("bell/pressed", "now")
            return bool(ears.heard)

        until(is_answered, lambda: f"the automation answers: {home.log()[-2000:]}")
    ears.close()
