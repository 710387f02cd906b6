"""Why a broker will not have us, in words that say what to do."""

import os
import socket
import ssl

from config import Address, Broker

BAD_LOGIN = (0x86, 0x87)  # MQTT 5, 3.2.2.2; paho gives them for 3.1.1's return codes 4 and 5, too
# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH in OpenSSL's x509_vfy.h.
OTHER_NAME = (62, 64)
NOT_NOW = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
PASSWORD_VARIABLE = "DOORBELL_BROKER__PASSWORD"  # noqa: S105 - its name
REMEDIES = {
    0x80: "Check its ACL and its log",  # all that MQTT 3.1.1 has (3.9.3)
    0x83: "A node of it may be stopping. It is offered again",
    0x87: "Check its ACL",
    0x97: "Its limits or its disk are used up. It is offered again",
}  # MQTT 5, 3.4.2.1 and 3.9.3
WANTS_OURS = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE")  # alerts of TLS 1.3, and of 1.2


class RefusedError(OSError):
    """There is a broker, and it or we will not have the other; somebody has to do something."""


class UnresolvedError(OSError):
    """The name of the broker leads to no address; perhaps only as long as the network is away."""


def of_connection(error: OSError, address: Address, broker: Broker) -> OSError:
    """What an error while connecting means."""
    if isinstance(error, socket.gaierror):
        return UnresolvedError(
            f"no address is known for the name {address.host!r} ({error.strerror}). "
            "Check host in [broker], and this machine's network"
        )
    if isinstance(error, PermissionError):
        return RefusedError(
            f"{error.strerror}: the sandbox of this unit, or a firewall of this machine, does not "
            f"let it reach {address.host}. Allow it: docs/systemd.md, Opening it"
        )
    if isinstance(error, RefusedError) or not address.tls:
        return error
    words = _of_tls(error, address, broker)
    return RefusedError(words) if words else error


def _of_tls(error: OSError, address: Address, broker: Broker) -> str:
    """What an error of a connection with TLS means; nothing where it is not about that."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error, address, broker)
    if isinstance(error, ssl.SSLError) and "_ALERT_" in (error.reason or ""):
        return of_hang_up(error, address, broker)
    if isinstance(error, ssl.SSLError | ConnectionResetError):
        return (
            f"no TLS on port {address.port} ({error}). "
            "Set port in [broker] to its TLS port (mosquitto: 8883)"
        )
    return ""


def of_hang_up(alert: "ssl.SSLError | None", address: Address, broker: Broker) -> str:
    """What it means that the broker ended the connection before its CONNACK.

    Args:
        alert: By which it did so, if it speaks TLS.
        address: Where it is.
        broker: The settings.
    """
    reason = (alert.reason if alert else None) or ""
    if "_ALERT_" not in reason:
        return f"it hung up before it answered. {_why_hung_up(address, broker)}"
    if broker.cert_file is None and reason.endswith(WANTS_OURS):
        return "it wants a certificate of ours. Set cert_file and key_file in [broker]"
    words = reason.partition("_ALERT_")[2].replace("_", " ").lower()
    if broker.cert_file is None:
        return f"it ends the TLS handshake ({words}). See its log"
    return (
        f"it refuses the certificate in {broker.cert_file} ({words}). It must be valid now, and"
        " from the CA that the broker trusts for its clients (mosquitto: cafile)"
    )


def _why_hung_up(address: Address, broker: Broker) -> str:
    """A guess: an alert gets lost when the broker closes over the CONNECT that it has not read."""
    if not address.tls:
        return "If this port speaks TLS, set tls = true in [broker]"
    if broker.cert_file:
        return f"Perhaps it does not trust the certificate in {broker.cert_file}: see its log"
    return "If it wants a certificate of ours, set cert_file and key_file in [broker]"


def of_login(code: int, reason: str, user: str | None, broker: Broker) -> str:
    """What a refused CONNECT means.

    Args:
        code: Its reason code.
        reason: That in words.
        user: As whom we came.
        broker: The settings, which say where the password is from.
    """
    if code not in BAD_LOGIN:
        return f"it refuses us: {reason}"
    if user is None:
        return (
            f"it refuses us: {reason}. It demands a password: "
            "set password_dir, or username and password, in [broker]"
        )
    return (
        f"it refuses us: {reason}. It does not know the user {user!r} with this password: "
        f"{_mend_of_password(broker)}"
    )


def _mend_of_password(broker: Broker) -> str:
    """What to do about a wrong password; it depends on how it was set."""
    if broker.username is None:
        return "run `doorbell secure`, copy its passwd to the broker and have it read again"
    if broker.password is None:
        return "set password in [broker]"
    if variable := next((key for key in os.environ if key.upper() == PASSWORD_VARIABLE), None):
        return f"check username in [broker], and the environment variable {variable}"
    return "check username and password in [broker]"


def remedy(code: int, reason: str) -> str:
    """What a refused SUBSCRIBE or PUBLISH means: its reason code, and that in words."""
    return f"{reason}. {REMEDIES.get(code, 'It is offered again')}"


def _of_certificate(error: "ssl.SSLCertVerificationError", address: Address, broker: Broker) -> str:
    if error.verify_code in OTHER_NAME:
        return (
            f"its certificate is not for {address.host!r}. Set host in [broker] to a name in it, "
            f"or make it anew: doorbell secure --host {address.host}"
        )
    if error.verify_code in NOT_NOW:
        why = error.verify_message
        return f"its certificate is not valid at this time ({why}). Is this machine's clock right?"
    ours = (
        f"the CA in {broker.ca_file}"
        if broker.ca_file
        else "a public CA. Set ca_file in [broker] if it is your own"
    )
    return f"its certificate is not from {ours} ({error.verify_message})"
