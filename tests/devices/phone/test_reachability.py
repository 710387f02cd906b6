"""Whether a notification service can be reached, asked without telling it anything."""

import socket
import threading

import pytest

from devices.phone.apprise.address import service_of
from devices.phone.reachability import address_of, fault_in_reaching
from tests.house import free_port
from tests.servers.phone import phone_service

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("json://nas:81/x", ("nas", 81, False)),
        ("jsons://nas/x", ("nas", 443, True)),
        ("ntfy://ntfy.sh/door", ("ntfy.sh", 80, False)),
        ("ntfys://door", ("ntfy.sh", 443, True)),
        ("tgram://123456789:abcdefg_hijklmnop/12315544", ("api.telegram.org", 443, True)),
        ("mailto://anna:secret@gmail.com", ("smtp.gmail.com", 587, False)),
        ("mqtts://broker/topic", ("broker", 8883, True)),
        ("hassio://home/abc", ("home", 8123, False)),
        ("syslog://", None),
    ],
)
def test_a_services_address_is_found_in_its_url(url, address):
    """A host, a fixed service behind a token, a mail server, or none at all."""
    assert address_of(service_of(url)) == address


def test_a_service_that_listens_can_be_reached_and_is_told_nothing():
    """A connection, and not a byte."""
    with phone_service() as phone:
        assert fault_in_reaching(service_of(phone.url)) is None
        assert phone.told == []


def test_a_service_that_does_not_listen_is_told_with_its_address():
    """Refused, and one that has no address counts as nothing known."""
    port = free_port()
    fault = fault_in_reaching(service_of(f"json://anna:secret@127.0.0.1:{port}/x"))
    assert fault.startswith(f"127.0.0.1:{port} cannot be reached: ")
    assert "secret" not in fault
    assert fault_in_reaching(service_of("syslog://")) is None


def test_a_server_that_speaks_no_tls_is_found_out():
    """It accepts connections, and that is not enough."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        fault = fault_in_reaching(service_of(f"jsons://127.0.0.1:{server.getsockname()[1]}/x"))
        thread.join()
    assert "cannot be reached" in fault
