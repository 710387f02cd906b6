"""The programs outside of the house, each a process: a listener, a lamp, the phone's service."""

import json
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage

from tests.bench.outside.client import connected
from tests.bench.outside.sightings import (
    HEARD,
    LAMP,
    LAMP_TOPIC,
    PHONE,
    PHOTO,
    RANG,
    Observer,
)

PRESSES = (
    "doorbell/hub/+/event/doorbell/pressed/+",
    "doorbell/hub/+/event/doorbell.pressed/+",  # until November 2026
)
RANG_TOPIC = "rival/rang"
LAMP_ON_S = 0.08


def listen(port: int, observer: Observer) -> None:
    """Hear each press."""
    connected("bench-ears", port, PRESSES, lambda *_: observer.see(HEARD))
    print("ready", flush=True)
    threading.Event().wait()


def hear_rings(port: int, observer: Observer) -> None:
    """Hear what an automation of Home Assistant publishes."""
    connected("bench-rang", port, [RANG_TOPIC], lambda *_: observer.see(RANG))
    print("ready", flush=True)
    threading.Event().wait()


def be_lamp(port: int, observer: Observer) -> None:
    """Be a lamp of Zigbee2MQTT that a person always switches off again, after a moment."""

    def hear(client: Client, message: MQTTMessage) -> None:
        if message.topic.endswith("/set"):
            observer.see(LAMP)
            lamp["state"] = "ON"
            threading.Timer(LAMP_ON_S, switch_off).start()
        client.publish(LAMP_TOPIC, json.dumps(lamp), qos=1)

    def switch_off() -> None:
        lamp["state"] = "OFF"
        client.publish(LAMP_TOPIC, json.dumps(lamp), qos=1)

    lamp: dict[str, Any] = {
        "state": "OFF",
        "brightness": 80,
        "color_mode": "color_temp",
        "color_temp": 370,
        "linkquality": 99,
    }
    topics = (f"{LAMP_TOPIC}/set", f"{LAMP_TOPIC}/get")
    client = connected("bench-lamp", port, topics, hear)
    here = '{"state":"online"}'
    client.publish(f"{LAMP_TOPIC}/availability", here, qos=1, retain=True).wait_for_publish(10)
    client.publish(LAMP_TOPIC, json.dumps(lamp), qos=1).wait_for_publish(10)
    print("ready", flush=True)
    threading.Event().wait()


def be_phone(port: int, observer: Observer) -> None:
    """Be the phone's service, an HTTP server."""

    class Call(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline():
                length = 0
                while (line := self.rfile.readline().strip().lower()) != b"":
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                message = self.rfile.read(length)
                at = time.monotonic()
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                has_photo = bool(json.loads(message)["attachments"])
                observer.see(PHOTO if has_photo else PHONE, at)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Call) as server:
        print("ready", flush=True)
        server.serve_forever()


PROGRAMS = {"listen": listen, "lamp": be_lamp, "phone": be_phone, "rang": hear_rings}


if __name__ == "__main__":
    name, given_port, given_path = sys.argv[1:]
    PROGRAMS[name](int(given_port), Observer(Path(given_path)))
