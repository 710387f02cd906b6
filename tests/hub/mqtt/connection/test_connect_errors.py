"""Why there is no connection: in words that fit the settings."""

import errno
import logging
import ssl

import pytest

from config import Broker
from hub.mqtt.connection.clients.client import ClientFactory
from hub.mqtt.connection.connect_errors import UnresolvedError, of_connection, of_login
from hub.mqtt.connection.connection_log import ConnectionLog

WRONG = 0x86
NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID


@pytest.mark.parametrize(
    ("settings", "variable", "mend"),
    [
        ({"username": "me", "password": "x"}, "", "check username and password in [broker]"),
        ({"username": "me"}, "", "set password in [broker]"),
        ({"username": "me", "password": "x"}, "DOORBELL_BROKER__PASSWORD", "environment variable"),
        ({"password_dir": "/there"}, "", "run `doorbell secure`, copy its passwd to the broker"),
    ],
)
def test_a_wrong_password_is_mended_where_it_was_set(monkeypatch, settings, variable, mend):
    """In the file, in the environment, or by `doorbell secure`."""
    monkeypatch.delenv("DOORBELL_BROKER__PASSWORD", raising=False)
    if variable:
        monkeypatch.setenv(variable, "x")
    words = of_login(WRONG, "Not authorized", "me", Broker(**settings))
    assert "does not know the user 'me' with this password: " in words
    assert mend in words
    assert variable in words


def test_a_name_without_an_address_is_told_as_that(caplog):
    """In the log once, and to whoever waits for the broker."""
    with pytest.raises(UnresolvedError) as error:
        ClientFactory(Broker(host="broker.invalid")).find_protocol()
    log = ConnectionLog("broker.invalid:1883")
    for _ in range(2):
        log.failed(error.value, "broker.invalid:1883")
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "no address is known for the name 'broker.invalid'" in record.getMessage()
    assert log.has_reason
    assert log.absence == record.getMessage()


def test_a_certificate_that_does_not_hold_by_this_clock_is_told_as_that():
    """A machine without a clock of its own boots in the past."""
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_code = NOT_YET_VALID
    refused.verify_message = "certificate is not yet valid"
    broker = Broker(host="h", tls=True)
    told = of_connection(refused, broker.addresses[0], broker)
    assert "its certificate is not valid at this time (certificate is not yet valid)" in str(told)
    assert "Is this machine's clock right?" in str(told)


def test_a_sandbox_that_keeps_a_process_from_its_broker_is_named():
    """IPAddressDeny= of systemd.resource-control(5): connect(2) gives EPERM."""
    broker = Broker(host="192.168.1.5")
    kept_in = PermissionError(errno.EPERM, "Operation not permitted")
    told = str(of_connection(kept_in, broker.addresses[0], broker))
    assert told.startswith("Operation not permitted: the sandbox of this unit, or a firewall")
    assert "192.168.1.5" in told
