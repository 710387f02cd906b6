"""Whether all that an address says is sent: its options, its targets, and what stands behind #."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote

SHOWN = re.compile(r"[a-z0-9_+:-]{1,24}")  # what is no option's name may be a secret
AS_WRITTEN = ("url", "qsd", "qsd+", "qsd-", "qsd:")  # and not what a service makes of it
# What says how to reach a service, and Apprise's own options that change no message of ours: its
# texts are short and plain, and doorbell itself tries again.
ALWAYS = frozenset({"auth", "pass", "password", "port", "to", "token", "user", "verify"})
ALWAYS |= {"cto", "redirect", "rto"}  # how long to wait, and whether to follow
ALWAYS |= {"emojis", "format", "mode", "overflow", "retry", "store", "tz", "wait"}


def options_in(url: str, service: Any) -> dict[str, str]:
    """The options of an address, which stand behind its `?`, by name.

    Args:
        url: The address.
        service: Apprise's object of it.
    """
    parsed = _parsed(url, service)
    return {key: str(value) for key, value in parsed.get("qsd", {}).items()}


def fault_in_address(url: str, service: Any, sent: Mapping[str, str] | None) -> str | None:
    """Find what an address says and nobody would send.

    Args:
        url: The address.
        service: Apprise's object of it.
        sent: Of a driver of our own: the options that it sends, and for those that it refuses why.
            None where Apprise sends the messages.

    Returns:
        What is wrong, without secrets; None if all is sent.
    """
    parsed = _parsed(url, service)
    if "#" in url.partition("?")[0].replace("/#", ""):  # Apprise takes it at the begin of a name
        return "has a #, and what stands behind it is not sent. Write %23 for a # in a name"
    known = frozenset(type(service).template_args)
    if sent is not None:
        known = ALWAYS | set(sent)
    for name in parsed.get("qsd", {}):
        if sent is None and _is_read(name, url, service):
            continue
        why_not = (sent or {}).get(name, _unknown(name, known))
        if why_not and name not in ALWAYS:
            return f"has {_shown(name)}, which is not sent: {why_not}"
    return None


def _parsed(url: str, service: Any) -> dict[str, Any]:
    """What Apprise makes of an address; nothing for one that a service shows, like https://…."""
    return type(service).parse_url(url) or {}


def _shown(name: str) -> str:
    return f"?{name}=" if SHOWN.fullmatch(name) else "an option"


def _unknown(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for a fault only

    guesses = get_close_matches(name, [*known], 1)
    guess = f"Write {guesses[0]}, or leave it out" if guesses else "Leave it out"
    return f"the service has no such option. {guess}"


def _is_read(name: str, url: str, service: Any) -> bool:
    """Whether a service documents an option, or an address without it means something else."""
    if name in type(service).template_args:
        return True
    place, _, query = url.partition("?")
    others = [one for one in query.split("&") if _name_in(one) != name]
    without = f"{place}?{'&'.join(others)}" if others else place
    return _meaning(url, service) != _meaning(without, service)


def _name_in(option: str) -> str:
    return unquote(option.partition("=")[0]).strip().lower()


def _meaning(url: str, service: Any) -> dict[str, Any]:
    return {key: value for key, value in _parsed(url, service).items() if key not in AS_WRITTEN}
