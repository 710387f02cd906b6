"""A real Home Assistant: started, onboarded and connected to a broker by its REST API.

    with home_assistant(installed(), tmp_path, broker.port) as home:
        home.automate("bell", trigger_topic="there", publish_topic="back")
        home.state("event.front_door")

`.ci/get-homeassistant DIR` installs it. It runs in a chroot and in a mount namespace of its own, on
the network of this machine. As root.
"""

import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.house import free_port, until

START_S = 120.0
STOP_S = 20.0
CALL_S = 30.0
CONFIGURATION = """api:
config:
logger:
  default: warning
automation: !include automations.yaml
"""
NO_TLS = {"set_client_cert": False, "set_ca_cert": "off"}
# In the chroot, with a port of its own: given in the settings, it would have to be confirmed.
IN_CHROOT = """
mount --rbind /dev "$ROOT/dev"
mount -t proc proc "$ROOT/proc"
mount --bind "$CONFIG" "$ROOT/mnt"
exec chroot "$ROOT" env -i HOME=/root LANG=C.UTF-8 PATH=/srv/venv/bin:/usr/bin:/bin \
  SETUP_PORT="$PORT" /srv/venv/bin/hass --config /mnt --skip-pip
"""


def installed() -> Path | None:
    """The folder that HOMEASSISTANT names, if it is installed there."""
    named = os.environ.get("HOMEASSISTANT", "")
    is_there = bool(named) and (Path(named) / "root/srv/ready").exists()
    return Path(named).resolve() if is_there else None


def _takes_its_port_from_outside(folder: Path) -> bool:
    """Whether this version reads SETUP_PORT; 2025.4 does not."""
    code = folder.glob("root/srv/venv/lib/python3*/site-packages/homeassistant")
    http = [one.read_text("utf-8") for path in code for one in path.glob("components/http/*.py")]
    return any("SETUP_PORT" in text for text in http)


class HomeAssistant:
    """One that runs.

    Attributes:
        url: Of its page and its API.
        process: Its leader; it ends with it.
    """

    def __init__(self, folder: Path, config: Path, more: str = "") -> None:
        """Write its configuration and start it.

        Args:
            folder: Where it is installed.
            config: For its settings and its database.
            more: What else its configuration says, in YAML.
        """
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._token = ""
        config.mkdir(parents=True, exist_ok=True)
        self._log = config / "console.log"
        if not _takes_its_port_from_outside(folder):
            more += f"http:\n  server_port: {port}\n"
        (config / "configuration.yaml").write_text(CONFIGURATION + more, "utf-8")
        (config / "automations.yaml").write_text("[]\n", encoding="utf-8")
        self._named = {"ROOT": str(folder / "root"), "CONFIG": str(config), "PORT": str(port)}
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again; its users and settings stay."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-euc", IN_CHROOT],
                env={**os.environ, **self._named},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it as systemd does."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait()

    def wait_until_up(self) -> None:
        """Until its API answers."""
        until(self._answers, lambda: f"Home Assistant answers: {self.log()[-3000:]}", START_S)

    def _answers(self) -> bool:
        try:
            return bool(self.call("GET", "/api/onboarding"))
        except OSError:
            return False

    def onboard(self) -> None:
        """Make its first user, and from then on act as that one."""
        client = f"{self.url}/"
        user = {"client_id": client, "name": "Test", "username": "test", "password": "test"}
        code = self.call("POST", "/api/onboarding/users", {**user, "language": "en"})["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        form = urllib.parse.urlencode(grant).encode()
        self._token = _send(f"{self.url}/auth/token", form, {})["access_token"]

    def token(self) -> str:
        """What a program may act with, for half an hour."""
        return self._token

    def version(self) -> tuple[int, ...]:
        """Year and month, like (2026, 11)."""
        return tuple(map(int, self.call("GET", "/api/config")["version"].split(".")[:2]))

    def add_mqtt(self, port: int, login: tuple[str, str] | None = None) -> None:
        """Set up its MQTT integration with a broker on this machine; the login has a password."""
        flows = "/api/config/config_entries/flow"
        flow = self.call("POST", flows, {"handler": "mqtt"})
        form: dict[str, Any] = {"broker": "127.0.0.1", "port": port}
        if any(field["name"] == "other_settings" for field in flow["data_schema"]):
            form["other_settings"] = NO_TLS
        if login:
            form |= dict(zip(("username", "password"), login, strict=True))
        done = self.call("POST", f"{flows}/{flow['flow_id']}", form)
        assert done["type"] == "create_entry", f"{flow} {done} {self.log()[-2000:]}"

    def automate(self, name: str, *, trigger_topic: str, publish_topic: str) -> None:
        """Add an automation that answers each message of a topic with one on another.

        It may subscribe some tenths of a second after this.
        """
        trigger = {"trigger": "mqtt", "topic": trigger_topic}
        data = {"topic": publish_topic, "payload": "done", "qos": 1}
        self.add_automation(name, [trigger], {"action": "mqtt.publish", "data": data})

    def add_automation(
        self, name: str, triggers: list[dict[str, Any]], action: dict[str, Any], **more: Any
    ) -> None:
        """Add an automation, and wait until it is on.

        Args:
            name: Its id and its alias.
            triggers: See Home Assistant's automations.
            action: Likewise.
            more: Likewise, like `conditions`.
        """
        rule = {"alias": name, "mode": "queued", "triggers": triggers, "actions": [action], **more}
        self._add(name, rule)

    def use_blueprint(self, name: str, path: str, **inputs: Any) -> None:
        """Add an automation from a blueprint in its folder, in place of one of that name."""
        self._add(name, {"alias": name, "use_blueprint": {"path": path, "input": inputs}})

    def _add(self, name: str, rule: dict[str, Any]) -> None:
        self.call("POST", f"/api/config/automation/config/{name}", rule)
        until(lambda: self.state(f"automation.{name}") == "on", f"automation.{name} is on")

    def state(self, entity: str) -> str | None:
        """Of an entity; None while there is none of this name."""
        return self.attributes(entity).get("state")

    def attributes(self, entity: str) -> dict[str, Any]:
        """State, attributes and times of an entity; empty while there is none of this name."""
        try:
            return self.call("GET", f"/api/states/{entity}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return {}
            raise

    def states(self) -> dict[str, str]:
        """Of all entities."""
        return {one["entity_id"]: one["state"] for one in self.call("GET", "/api/states")}

    def act(self, service: str, **data: Any) -> None:
        """Perform an action, like `act("button.press", entity_id="button.front")`."""
        domain, _, name = service.partition(".")
        self.call("POST", f"/api/services/{domain}/{name}", data)

    def picture(self, entity: str) -> bytes:
        """What an image entity shows, as its page gets it; empty while it shows none."""
        path = self.attributes(entity).get("attributes", {}).get("entity_picture", "")
        request = urllib.request.Request(f"{self.url}{path}")  # noqa: S310 - http only
        try:
            with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError:
            return b""

    def get(self, path: str) -> bytes:
        """What is at this path, for somebody who is logged in like its app."""
        return _read(f"{self.url}{path}", None, self._headers(), "GET")

    def render(self, template: str) -> str:
        """What a template of Home Assistant says now."""
        body = json.dumps({"template": template}).encode()
        return _read(f"{self.url}/api/template", body, self._headers()).decode()

    def call(self, method: str, path: str, data: Any = None) -> Any:
        """Call its REST API; returns the JSON of the answer.

        Raises:
            OSError: It is not there, or refuses (urllib.error.HTTPError).
        """
        body = None if data is None else json.dumps(data).encode()
        return json.loads(_read(f"{self.url}{path}", body, self._headers(), method) or b"null")

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})


def _send(url: str, body: bytes | None, headers: dict[str, str]) -> Any:
    return json.loads(_read(url, body, headers))


def _read(url: str, body: bytes | None, headers: dict[str, str], method: str = "POST") -> bytes:
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - http only
    with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310
        return bytes(answer.read())


@contextmanager
def home_assistant(
    folder: Path,
    config: Path,
    broker_port: int,
    more: str = "",
    login: tuple[str, str] | None = None,
) -> Iterator[HomeAssistant]:
    """One that is ready and connected to a broker; it ends with this.

    Args:
        folder: Where `.ci/get-homeassistant` has put it.
        config: A new folder for its settings and its database.
        broker_port: Of a broker on this machine.
        more: What else its configuration says, in YAML.
        login: Its user on that broker, and the password.
    """
    home = HomeAssistant(folder, config, more)
    try:
        home.wait_until_up()
        home.onboard()
        home.add_mqtt(broker_port, login)
        yield home
    finally:
        home.stop()
