"""The Home Assistant app of a phone: registered like a real one, with a server for its pushes."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.servers.home_assistant import HomeAssistant

REGISTRATION = {
    "app_id": "tests",
    "app_name": "tests",
    "app_version": "1",
    "manufacturer": "tests",
    "model": "tests",
    "os_name": "Android",
    "os_version": "16",
    "supports_encryption": False,
}


class App:
    """A phone.

    Attributes:
        device: Its id in Home Assistant.
        pushed: What was pushed to it: `message`, and with it `data`.
    """

    def __init__(self, home: HomeAssistant, name: str, push_url: str) -> None:
        self.pushed: list[dict[str, Any]] = []
        self._home = home
        data = {"push_token": name, "push_url": push_url}
        registration = {**REGISTRATION, "device_id": name, "device_name": name, "app_data": data}
        done = home.call("POST", "/api/mobile_app/registrations", registration)
        self._webhook = f"/api/webhook/{done['webhook_id']}"
        self.device = home.render("{{ device_id('" + name + "') }}")

    def taps(self, action: str) -> None:
        """Tap a button of a notification."""
        event = {"event_type": "mobile_app_notification_action", "event_data": {"action": action}}
        self._home.call("POST", self._webhook, {"type": "fire_event", "data": event})

    def shown(self) -> dict[str, dict[str, Any]]:
        """The notifications that it shows now, by their tags."""
        found: dict[str, dict[str, Any]] = {}
        for one in list(self.pushed):
            tag = one["data"]["tag"]
            if one["message"] == "clear_notification":
                found.pop(tag, None)
            else:
                found[tag] = one
        return found


@contextmanager
def app(home: HomeAssistant, name: str) -> Iterator[App]:
    """A phone with the app, as long as this lasts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            phone.pushed.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        phone = App(home, name, f"http://127.0.0.1:{server.server_address[1]}/push")
        yield phone
        server.shutdown()
        thread.join()
