"""A handler's secrets stay its own: not in its log, its state file, its events or a trace."""

import json

import pytest

from tests.handlers.test_telemetry import collector
from tests.house import House, free_port, until
from tests.servers.brokers import BrokerProcess

TYPED, NAMED, DEEP = "typed-h7nter2", "named-h7nter3", "deep-h7nter4"
USER, PATH = "user-h7nter5", "T0KENpath6abcdefghijk"
BROKER, CAMERA = "broker-h7nter7", "cam h7nter8"
RAW = (TYPED, NAMED, DEEP, USER, PATH, BROKER, CAMERA, CAMERA.replace(" ", "%20"))
LEAKY = """
import logging, os, threading
from hub import Event, HandlerConfig, handler
from pydantic import BaseModel, SecretStr

class Account(BaseModel):
    api_key: str

class Config(HandlerConfig):
    typed: SecretStr
    token: str
    account: Account
    hook: str
    camera: str

def fall(text):
    raise RuntimeError(text)

@handler("doorbell.pressed", attempts=2, backoff_s=0.05)
def leaky(event: Event, config: Config) -> str:
    every = [config.typed.get_secret_value(), config.token, config.account.api_key, config.hook,
             config.camera, os.environ["DOORBELL_BROKER__PASSWORD"]]
    logging.getLogger("library").warning("%s %r", every, {"x": every})
    logging.getLogger("library").warning("%d", every)
    thread = threading.Thread(target=fall, args=(repr(every),))
    thread.start()
    thread.join()
    if event.data.get("name") == "Back door":
        return f"sent with {every}"
    try:
        try:
            raise OSError(f"first {every}")
        except OSError as error:
            raise ValueError("x" * 480 + every[0]) from error
    except ValueError:
        raise RuntimeError(f"last {every}")

@handler("doorbell.drilled")
def drilled(event: Event, config: Config) -> None:
    pass
"""
SETTINGS = f"""
[doors.back]
name = "Back door"
[handlers.leaky]
typed = "{TYPED}"
token = "{NAMED}"
account = {{ api_key = "{DEEP}" }}
hook = "https://hooks.example.org/services/{PATH}"
camera = "rtsp://admin:{CAMERA.replace(" ", "%20")}@cam/live"
"""


def _assert_hidden(house: House, *processes: str) -> None:
    """No secret stands in a log, in a state file, or in any message."""
    said = {topic: payload for topic, payload, _ in list(house.ears.heard)}
    files = {path.name: path.read_bytes() for path in house.state_dir.glob("*.db*")}
    logs = {name: house.log(name).encode() for name in processes}
    for where, content in (said | files | logs).items():
        shown = [secret for secret in RAW if secret.encode() in content]
        assert not shown, (where, shown, content[:3000])


def test_no_secret_of_a_handler_is_shown(
    mosquitto: BrokerProcess, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    """Its function raises and returns them, chained and in a thread; its library logs them."""
    monkeypatch.setenv("DOORBELL_BROKER__USERNAME", "bell")
    monkeypatch.setenv("DOORBELL_BROKER__PASSWORD", BROKER)
    monkeypatch.setenv("DOORBELL_LOG_LEVEL", "DEBUG")
    with collector() as (port, got), House(tmp_path / "house", mosquitto) as house:
        house.settings = SETTINGS + (
            f'[handlers.telemetry]\nenabled = true\nendpoint = "http://127.0.0.1:{port}"\n'
            f'headers = {{ authorization = "Bearer {TYPED}" }}\n'
        )
        (house.handlers_dir / "leaky.py").write_text(LEAKY)
        house.start("hub", "leaky", "telemetry")
        failing, fine = house.press(), house.press("back")
        house.wait_outcome(failing, "leaky", "handler.dead")
        house.wait_outcome(fine, "leaky")
        log = house.log("leaky")
        for part in (
            "first [",
            "last [",
            "direct cause",
            "the thread",
            "{'x': [",
            "cannot be writ",
        ):
            assert part in log
        notes = [event["data"] for event in house.ears.events("handler.done", "leaky")]
        assert notes[0]["note"].startswith("sent with ['********', '********', '********', 'https")
        until(lambda: b"handler.dead" in b"".join(_spans(got)), "the outcome is at the collector")
        _assert_hidden(house, "hub", "leaky", "telemetry")
        for span in _spans(got):
            assert not [secret for secret in RAW if secret.encode() in span]


def _spans(got: list) -> list[bytes]:
    return [request.SerializeToString() for _, _, request in list(got)]


def test_no_fault_in_a_setting_shows_a_secret(mosquitto: BrokerProcess, tmp_path):
    """The author's own check quotes the token; log and status show asterisks."""
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = f'[handlers.strict]\ntoken = "{NAMED}"\n'
        (house.handlers_dir / "strict.py").write_text(
            "from hub import Event, HandlerConfig, handler\n\n"
            "class Config(HandlerConfig):\n    token: str = ''\n\n"
            "    def check(self):\n        return [f'token: {self.token!r} is old']\n\n"
            "@handler('doorbell.pressed')\ndef strict(event: Event, config: Config): pass\n"
        )
        house.start("strict", wait=False)
        until(lambda: house.statuses("strict", "failed"), lambda: house.log("strict"))
        until(lambda: "is old" in house.log("strict"), lambda: house.log("strict"))
        assert "token: '********' is old" in house.log("strict")
        assert "'********' is old" in house.statuses("strict", "failed")[0]["detail"]
        _assert_hidden(house, "strict")


def test_apprise_shows_no_secret(
    mosquitto: BrokerProcess, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    """Whatever it logs of a service that does not answer, at its most talkative."""
    monkeypatch.setenv("DOORBELL_LOG_LEVEL", "DEBUG")
    with House(tmp_path / "house", mosquitto) as house:
        nowhere = f"127.0.0.1:{free_port()}"
        urls = [f"json://bell:{USER}@{nowhere}/{PATH}", f"form://{nowhere}/{PATH}?token={NAMED}"]
        house.settings = f"[handlers.notify]\nurls = {json.dumps(urls)}\n"
        house.start("hub", "notify")
        press = house.press()
        house.wait_outcome(press, "notify", "handler.retried")
        until(lambda: "notify puts it off" in house.log("notify"), lambda: house.log("notify"))
        _assert_hidden(house, "hub", "notify")


def test_a_forged_line_is_no_line_of_the_log(mosquitto: BrokerProcess, tmp_path):
    """A note, an exception and an escape sequence stay on the line that they belong to."""
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("forger", "raise OSError('a\\nERROR hub: forged\\x1b[2J\\u202eb')")
        house.start("hub", "forger")
        house.wait_outcome(house.press(), "forger", "handler.retried")
        until(lambda: "Traceback" in house.log("forger"), lambda: house.log("forger"))
        lines = house.log("forger").splitlines()
        assert [line for line in lines if line.startswith("ERROR hub")] == []
        assert "  ERROR hub: forged\\u001b[2J\\u202eb" in lines
        assert any(r"a\nERROR hub: forged\u001b[2J\u202eb" in line for line in lines)
        assert all(line.isprintable() for line in lines)
