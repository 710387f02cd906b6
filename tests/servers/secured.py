"""A mosquitto with the files that we ship and that `doorbell secure` writes."""

import getpass
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from config import Settings
from hub.admin.security import credentials_folder
from tests.forked import PATIENCE_S
from tests.house import ROOT, Ears, House, free_port, until
from tests.needs import find_program
from tests.servers.brokers import BrokerProcess, listens, running

SHIPPED = ROOT / "config" / "mosquitto"


@dataclass
class Secured:
    """A broker that lets in whom it knows, and what they need to get in.

    Attributes:
        folder: What `doorbell secure` wrote.
        broker: Listens without TLS, on this machine alone.
        tls_port: Listens with TLS.
        write: `doorbell secure` again, with more users if they are named.
    """

    folder: Path
    broker: BrokerProcess
    tls_port: int
    write: Callable[..., list[str]]

    def password(self, user: str) -> str:
        return (self.folder / "passwords" / user).read_text(encoding="utf-8").strip()


@contextmanager
def secured_mosquitto(
    program: str, folder: Path, users: Sequence[str], host: str = "localhost"
) -> Iterator[Secured]:
    """Start it with all our settings, for these users beside the house's own."""
    find_program("openssl")
    written, plain, tls = folder / "broker", free_port(), free_port()
    settings = Settings(handlers_dir=folder / "none")

    def write(*more: str) -> list[str]:
        return credentials_folder.write(settings, written, [host], more).done

    write(*users, "listener")
    text = "\n".join(
        (SHIPPED / name).read_text("utf-8") for name in ("doorbell.conf", "users.conf", "tls.conf")
    )
    text = text.replace("/etc/mosquitto/doorbell", str(written / "mosquitto"))
    text, count = re.subn(
        r"^listener (1883|8883)",
        lambda m: f"listener {plain if m[1] == '1883' else tls}",
        text,
        flags=re.MULTILINE,
    )
    assert count == 2
    conf = folder / "secured.conf"
    conf.write_text(f"user {getpass.getuser()}\n{text}", encoding="utf-8")
    with running(
        BrokerProcess([program, "-c", str(conf)], plain, folder / "mosquitto.log")
    ) as broker:
        until(
            lambda: listens(tls),
            lambda: f"it listens on {tls}, too: {(folder / 'mosquitto.log').read_text()}",
        )
        yield Secured(written, broker, tls, write)


class Person:
    """Somebody with a client of their own, who tries what they may and may not."""

    def __init__(
        self,
        secured: Secured,
        user: str | None,
        password: str | None = None,
        *,
        topics: Sequence[str] = ("#",),
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.answer: ReasonCode | None = None
        self._answers: dict[int, ReasonCode] = {}
        self._ready = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            f"person-{id(self)}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        if user:
            self._client.username_pw_set(
                user, secured.password(user) if password is None else password
            )
        self._client.tls_set_context(ssl.create_default_context(cafile=secured.folder / "ca.crt"))
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _, __, m: self.heard.append((m.topic, m.payload))
        self._client.on_publish = lambda _, __, number, reason, ___: self._answers.__setitem__(
            number, reason
        )
        self._client.on_socket_open = lambda _, __, s: s.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self._topics = topics
        self._client.connect("localhost", secured.tls_port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_S)

    def _connected(
        self, client: Client, _: object, __: object, reason: ReasonCode, ___: object
    ) -> None:
        self.answer = reason
        if reason.is_failure:
            self._ready.set()
        else:
            client.subscribe([(topic, 1) for topic in self._topics])

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> ReasonCode:
        """Say it; gives the broker's answer."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        info.wait_for_publish(PATIENCE_S)
        return self._answers[info.mid]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class SecuredEars(Ears):
    """Hears as the command line's user: `doorbell/#`, and commands may be given."""

    host = "localhost"

    def __init__(self, secured: Secured) -> None:
        self._secured = secured
        super().__init__(secured.tls_port, "doorbell/#")

    def prepare(self, client: Client) -> None:
        client.username_pw_set("cli", self._secured.password("cli"))
        client.tls_set_context(ssl.create_default_context(cafile=self._secured.folder / "ca.crt"))


class SecuredHouse(House):
    """A house whose processes log in, each as itself, over TLS."""

    def __init__(self, folder: Path, secured: Secured) -> None:
        self.secured = secured
        self.broker_settings = (
            f'host = "localhost"\nport = {secured.tls_port}\nca_file = "{secured.folder}/ca.crt"\n'
            f'password_dir = "{secured.folder}/passwords"\n'
        )
        super().__init__(folder, secured.broker)

    def listen(self) -> Ears:
        return SecuredEars(self.secured)

    def settings_text(self) -> str:
        text = super().settings_text()
        return re.sub(r'host = "127.0.0.1"\nport = \d+\n', self.broker_settings, text)
