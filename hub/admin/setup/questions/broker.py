"""The MQTT broker: where it is, how to log in, whether it answers; and Home Assistant on it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from config import Broker
from config.reading.sources import PATHS, section_with_full_paths
from config.tables.address import parse
from hub.admin.doctor.broker import look
from hub.admin.setup.dialog import NONE, Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.target import is_installed, sudo
from hub.admin.setup.toml_edit import Changes

Changed = dict[tuple[str, ...], Any]
BROKER = "broker"
AS_NOW = "as now"
HERE = "localhost"
YOURS = "The MQTT broker that you have already, for Home Assistant, zigbee2mqtt and the like"
OURS = (
    "The MQTT broker. localhost is the one that install.sh has set up on this machine; write "
    "another address if you would rather use that of Home Assistant, for example"
)
EXAMPLES = (
    "localhost, 192.168.1.5, mqtts://broker.example.org; the nodes of a cluster with spaces "
    "between them"
)
OR_NONE = " Or none: `doorbell run` brings one of its own, for this machine alone."
OF_ADDRESS = ("host", "port")
OF_LOGIN = ("username", "password", "password_dir")
OF_TLS = ("ca_file", "cert_file", "key_file")
HINTS = (
    "Is it running, and does it listen on the network? mosquitto does so with `listener 1883`.",
    "User name and password are those of the broker: docs/security.md, When it does not connect.",
)


def ask_broker(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for the broker, try it, and offer Home Assistant; none leaves it to `doorbell run`."""
    needs_one = is_installed(draft.path)  # the units start none
    dialog.explain(f"{OURS if needs_one else YOURS}: {EXAMPLES}.{'' if needs_one else OR_NONE}")
    question, least = ("Address", HERE) if needs_one else ("Address, or none", NONE)
    known = _known_hosts(draft)
    understand = partial(_understand, needs_one=needs_one)
    while True:
        hosts = dialog.ask(question, " ".join(known) or least, understand)
        if not hosts:
            return _without(draft)
        is_new = hosts != known
        changes = _address(hosts) if is_new else {}
        changes |= _ask_login(dialog, draft, is_new=is_new)
        if _answers(dialog, draft, changes):
            return changes | _ask_home_assistant(dialog, draft, changes)


def _without(draft: Draft) -> Changed:
    """The changes for no broker; the root of the topics stays."""
    changes: Changed = dict.fromkeys(_places(*OF_ADDRESS, *OF_LOGIN, *OF_TLS))
    if draft.get(BROKER, "tls", kind=bool):
        changes[BROKER, "tls"] = False
    return changes


def _known_hosts(draft: Draft) -> list[str]:
    host = draft.get(BROKER, "host", kind=(str, list), default=[])
    return [host] if isinstance(host, str) else list(map(str, host))


def _understand(typed: str, *, needs_one: bool) -> list[str]:
    """The addresses; none of them for "none".

    Raises:
        ValueError: one cannot be read, or one is needed.
    """
    if typed.lower() == NONE:
        if needs_one:
            raise ValueError(f"an installed doorbell needs one. {HERE} is that of this machine")
        return []
    hosts = typed.replace(",", " ").split()
    for host in hosts:
        parse(host)
    return hosts


def _address(hosts: list[str]) -> Changed:
    host = hosts if len(hosts) > 1 else hosts[0]
    return {(BROKER, "host"): host, (BROKER, "port"): None}


def _ask_login(dialog: Dialog, draft: Draft, *, is_new: bool) -> Changed:
    """Ask for a user, unless each process has one of its own on this broker."""
    if draft.get(BROKER, "password_dir") and not is_new:
        dialog.explain("Each process logs in as a user of its own: docs/security.md.")
        return {}
    known = draft.get(BROKER, "username", default=NONE)
    user = dialog.ask("User name there, or none", known, str)
    if user.lower() == NONE:
        return dict.fromkeys(_places(*OF_LOGIN))
    has_password = user == known and draft.get(BROKER, "password")
    password = dialog.ask("Password, or none", AS_NOW if has_password else NONE, str)
    changes: Changed = {(BROKER, "username"): user}
    if is_new:
        changes[BROKER, "password_dir"] = None
    if password != AS_NOW:
        changes[BROKER, "password"] = None if password.lower() == NONE else password
    return changes


def _answers(dialog: Dialog, draft: Draft, changes: Changes) -> bool:
    """Connect to each address; returns whether to take them."""
    try:
        broker = _as_it_will_be(draft, changes)
    except ValidationError:
        return True  # the check at the end says what is wrong in the table
    is_taken = True
    for address in broker.addresses:
        try:
            seen = look(broker, address)
        except OSError as error:
            dialog.explain(f"✗ {address}: {error.strerror or error}")
            is_taken = False
        else:
            name = seen.version or "a broker that does not say its name"
            dialog.explain(f"{address}: {name}, MQTT {seen.protocol}")
    if is_taken:
        return True
    for hint in HINTS:
        dialog.explain(f"→ {hint}")
    return dialog.agree("Take it all the same?", default=not changes)


def _as_it_will_be(draft: Draft, changes: Changes) -> Broker:
    table = dict(draft.get(BROKER, kind=Mapping, default={}))
    table |= {key: value for (_, key), value in changes.items()}
    broker = Broker.model_validate({key: one for key, one in table.items() if one is not None})
    return section_with_full_paths(broker, PATHS, draft.path.parent)


def _ask_home_assistant(dialog: Dialog, draft: Draft, changes: Changed) -> Changed:
    enabled = ("homeassistant", "enabled")
    dialog.explain(
        "Home Assistant on this broker finds the hub and each door by itself, with the picture, "
        "the answers and more: docs/home-assistant.md."
    )
    is_shown = draft.get(*enabled, kind=bool, default=True)
    if not dialog.agree("Show the doorbell in Home Assistant?", default=is_shown):
        return {enabled: False}
    dialog.explain(
        "→ There: Settings, Devices & services, Add integration, MQTT, and the same address."
    )
    folder = changes.get((BROKER, "password_dir"), draft.get(BROKER, "password_dir"))
    if folder:
        path = draft.path.parent / folder / "homeassistant"
        dialog.explain("→ It logs in as homeassistant, with the password that this shows:")
        dialog.show(f"  {sudo(draft.path)}cat {path}")
    return {enabled: None}


def _places(*keys: str) -> list[tuple[str, ...]]:
    return [(BROKER, key) for key in keys]
