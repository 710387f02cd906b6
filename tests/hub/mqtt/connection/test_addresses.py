"""The ways to a broker: several addresses, WebSockets, certificates."""

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from config import Broker
from hub.mqtt.bus import Bus
from hub.mqtt.connection import credentials
from hub.mqtt.connection.clients.client import ClientFactory
from hub.mqtt.connection.connect_errors import RefusedError
from hub.mqtt.connection.turn import Turn
from tests.forked import PATIENCE_S
from tests.house import free_port, until
from tests.needs import find_program
from tests.servers.brokers import BrokerProcess, mosquitto_broker

EC = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")  # quickly made
Connect = Callable[..., Bus]


@pytest.fixture
def bus() -> Iterator[Connect]:
    """Starts buses with these settings of the broker; all are stopped at the end."""
    buses: list[Bus] = []

    def start(**settings: object) -> Bus:
        buses.append(Bus(Broker.model_validate(settings), "tester"))
        buses[-1].start()
        return buses[-1]

    yield start
    for one in buses:
        one.stop()


def _rings(one: Bus) -> bool:
    """Whether what is published over it comes back."""
    heard: list[bytes] = []
    one.subscribe("ding", lambda message: heard.append(message.payload))
    one.publish("ding", b"dong")
    until(lambda: heard, "it comes back")
    return heard == [b"dong"]


def test_addresses_are_tried_in_turn(
    bus: Connect, mosquitto_program: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """One that is dead is passed over; when the node in use is killed, another is used."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        mosquitto_broker(mosquitto_program, folders[0]) as first,
        mosquitto_broker(mosquitto_program, folders[1]) as second,
    ):
        dead = f"127.0.0.1:{free_port()}"
        nodes = [f"127.0.0.1:{one.port}" for one in (first, second)]
        one = bus(host=[dead, *nodes])
        assert one.connected.wait(PATIENCE_S)
        assert one.address == nodes[0]
        first.stop(signal.SIGKILL)
        until(lambda: one.connected.is_set() and one.address == nodes[1], "it takes the other one")
        assert _rings(one)
        second.stop(signal.SIGKILL)
        until(lambda: not one.connected.is_set(), "the loss is noticed")
        assert one.absence.startswith(f"no broker at {dead}, {nodes[0]}, {nodes[1]}.")
        first.start()
        until(lambda: one.connected.is_set() and one.address == nodes[0], "it comes back")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_round_of_failures_is_waited_for_and_no_single_one():
    """A connection that did its work is no failure; with one address each failure is a round."""
    clients = ClientFactory(Broker(host=["one", "two", "three"]))
    waits = [clients.take_next_address(lasted_s) for lasted_s in (0, 0, 0, 60, 0, 0, 1, 1, 1)]
    assert waits == [False, False, True, False, False, True, False, False, True]
    alone = ClientFactory(Broker(host="one"))
    assert all(alone.take_next_address(lasted_s) for lasted_s in (0, 60, 0))


@pytest.fixture
def websocket(mosquitto_program: str, tmp_path: Path) -> Iterator[int]:
    """The port of a mosquitto where it speaks MQTT over WebSockets (2.0.11 wants another, too)."""
    port = free_port()
    listener = f"listener {port} 127.0.0.1\nprotocol websockets"
    with mosquitto_broker(mosquitto_program, tmp_path, listener=listener):
        yield port


@pytest.mark.parametrize("path", ["", "/", "/some/where"])
def test_websockets(websocket: int, bus: Connect, path: str):
    """They carry what TCP carries, without Nagle's delay."""
    one = bus(host=f"ws://127.0.0.1:{websocket}{path}")
    assert one.connected.wait(PATIENCE_S)
    assert one.protocol == "5.0"
    assert _rings(one)


def test_a_port_without_websockets_says_so(
    mosquitto: BrokerProcess, bus: Connect, caplog: pytest.LogCaptureFixture
):
    """It names port and path as what to look at."""
    one = bus(host=f"ws://127.0.0.1:{mosquitto.port}/x")
    until(lambda: "no WebSocket of MQTT at ws://127.0.0.1" in caplog.text, lambda: caplog.text)
    assert one.has_reason


@pytest.mark.parametrize("is_served", [True, False])
def test_a_failed_handshake_closes_its_connection(*, is_served: bool):
    """The other side would wait for us until the garbage collector comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        clients = ClientFactory(Broker(host=f"ws://127.0.0.1:{server.getsockname()[1]}"))
        protocol = MQTTProtocolVersion.MQTTv5
        client = clients.make_served(protocol, Turn()) if is_served else clients.make(protocol)
        with ThreadPoolExecutor() as other:
            refused = other.submit(clients.connect, client)
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE_S)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                error = refused.exception()  # it knows what is open, and keeps it so
                assert isinstance(error, RefusedError)
                while connection.recv(1000):
                    pass


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, a broker's certificate, a client's, and a stranger's."""
    openssl = find_program("openssl")
    folder = tmp_path_factory.mktemp("certificates")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    (folder / "names").write_text("subjectAltName=DNS:localhost", encoding="utf-8")
    for ca in ("ca", "other"):
        new = ("req", "-x509", "-newkey", *EC, "-nodes", "-days", "3650")
        run(*new, "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}")
    for name, ca in (("server", "ca"), ("client", "ca"), ("stranger", "other")):
        request = ("req", "-newkey", *EC, "-nodes", "-keyout", f"{name}.key")
        run(*request, "-out", f"{name}.csr", "-subj", f"/CN={name}")
        sign = ("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key")
        extra = ("-CAcreateserial", "-days", "3650", "-extfile", "names")
        run(*sign, *extra, "-out", f"{name}.pem")
    run("pkey", "-in", "client.key", "-aes256", "-passout", "pass:x", "-out", "locked.key")
    return folder


@pytest.fixture
def demanding(
    mosquitto_program: str, tmp_path: Path, certificates: Path, request: pytest.FixtureRequest
) -> Iterator[int]:
    """The port of a mosquitto that wants a certificate of each client."""
    for path in certificates.iterdir():
        shutil.copy(path, tmp_path)
        (tmp_path / path.name).chmod(0o644)
    port = free_port()
    listener = (
        f"listener {port}\n"
        f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
        f"require_certificate true\n{getattr(request, 'param', '')}"
    )
    with mosquitto_broker(mosquitto_program, tmp_path, listener=listener):
        yield port


@pytest.mark.parametrize(
    ("demanding", "scheme"), [("", "mqtts"), ("protocol websockets", "wss")], indirect=["demanding"]
)
def test_a_certificate_of_ours(demanding: int, bus: Connect, certificates: Path, scheme: str):
    """A broker that demands one lets us in with it, over TCP and WebSockets."""
    one = bus(
        host=f"{scheme}://localhost:{demanding}",
        ca_file=certificates / "ca.pem",
        cert_file=certificates / "client.pem",
        key_file=certificates / "client.key",
    )
    assert one.connected.wait(PATIENCE_S), one.absence
    assert _rings(one)


@pytest.mark.parametrize("demanding", ["", "tls_version tlsv1.2"], indirect=True)
@pytest.mark.parametrize("ours", [None, "stranger"])
def test_a_missing_or_foreign_certificate_is_told(
    demanding: int,
    bus: Connect,
    certificates: Path,
    caplog: pytest.LogCaptureFixture,
    ours: str | None,
):
    """With TLS 1.3 the broker says it after the handshake, with 1.2 in it."""
    settings: dict[str, object] = {"ca_file": certificates / "ca.pem"}
    words = r"wants a certificate of ours[.,] [Ss]et cert_file and key_file"
    if ours:
        words = r"(it refuses|it does not trust) the certificate in"
        settings["cert_file"] = certificates / f"{ours}.pem"
        settings["key_file"] = certificates / f"{ours}.key"
    bus(host="localhost", port=demanding, **settings)
    until(lambda: re.search(words, caplog.text), lambda: caplog.text)


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("client.pem", "server.key", "cannot be used: KEY_VALUES_MISMATCH"),
        ("client.pem", "none.key", "is not there"),
        ("client.pem", "locked.key", "no person is there to decrypt it"),
        ("client.key", "client.key", "cert_file, key_file:"),
        ("client.pem", "open.key", "chmod 600"),
        ("client.pem", "client.key", ""),
    ],
)
def test_check_finds_what_is_wrong_with_a_certificate(
    certificates: Path, cert: str, key: str, words: str
):
    """Before any process starts, and without asking for the password of a key."""
    for path in certificates.glob("*.key"):
        path.chmod(0o600)
    shutil.copy(certificates / "client.key", certificates / "open.key")
    (certificates / "open.key").chmod(0o644)
    broker = Broker(host="h", cert_file=certificates / cert, key_file=certificates / key)
    found = list(credentials.faults(broker, []))
    assert [words in one for one in found] == [True] * bool(words), found
