"""Whether all that an address says is sent: its options, its targets, and what stands behind #."""

import re
from collections.abc import Collection, Iterator, Mapping
from threading import TIMEOUT_MAX
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote

from apprise.utils.parse import parse_bool

SHOWN = re.compile(r"[a-z0-9_+:-]{1,24}")  # what is no option's name may be a secret
SEPARATORS = re.compile("[&;]")  # of options, as Apprise reads them
EMPTY: Mapping[str, Any] = MappingProxyType({})
AS_WRITTEN = ("url", "qsd", "qsd+", "qsd-", "qsd:")  # and not what a service makes of it
# What says how to reach a service, and Apprise's own options that change no message of ours: its
# texts are short and plain, and doorbell itself tries again.
ALWAYS = frozenset({"auth", "pass", "password", "port", "to", "token", "user", "verify"})
WAITS = ("cto", "rto")  # seconds: to connect, and to answer
ALWAYS |= {"redirect", *WAITS}
ALWAYS |= {"emojis", "format", "mode", "overflow", "retry", "store", "tz", "wait"}


class Sent(NamedTuple):
    """What a driver of our own sends of an address.

    Attributes:
        options: The options that it knows, each with why it is not sent; empty where it is.
        values: The values that an option may have, where they are words.
        aliases: Other names of options.
    """

    options: Mapping[str, str]
    values: Mapping[str, Collection[str]] = EMPTY
    aliases: Mapping[str, str] = EMPTY


def options_in(url: str, service: Any) -> dict[str, str]:
    """The options of an address, which stand behind its `?`, by name.

    Args:
        url: The address.
        service: Apprise's object of it.
    """
    parsed = _parsed(url, service)
    return {key: str(value) for key, value in parsed.get("qsd", {}).items()}


def fault_in_waits(options: Mapping[str, str]) -> str | None:
    """Find a time to wait that is none; Apprise would take its default, of four seconds.

    Args:
        options: Those of an address.
    """
    for name in WAITS:
        if name in options and not _is_time(options[name]):
            return f"has ?{name}= with no time to wait. Write seconds, more than 0, like ?{name}=30"
    return None


def fault_in_address(url: str, service: Any, sent: Sent | None) -> str | None:
    """Find what an address says and nobody would send.

    Args:
        url: The address.
        service: Apprise's object of it.
        sent: What is sent by a driver of our own; None where Apprise sends the messages.

    Returns:
        What is wrong, without secrets; None if all is sent.
    """
    if "#" in url.partition("?")[0].replace("/#", ""):  # Apprise takes it at the begin of a name
        return "has a #, and what stands behind it is not sent. Write %23 for a # in a name"
    if _has_parameters(url):
        return "has a ;, and what stands behind it is not sent. Write %3B for a ; in a name"
    faults = (
        *_faults_in_names(url, service, sent),
        *_faults_in_repeats(url, service, sent),
        *_faults_in_values(url, service, sent),
    )
    return next(iter(faults), None)


def _has_parameters(url: str) -> bool:
    """Whether the last part of a path has a `;`: Apprise leaves out what stands behind it."""
    _, has_path, last = url.partition("?")[0].partition("://")[2].rpartition("/")
    return bool(has_path) and ";" in last


def _faults_in_names(url: str, service: Any, sent: Sent | None) -> Iterator[str]:
    """The options that the service, or its driver, does not know."""
    known = frozenset(type(service).template_args)
    if sent is not None:
        known = ALWAYS | set(sent.options)
    for name in options_in(url, service):
        if sent is None and _is_read(name, url, service):
            continue
        unknown = "" if name in ALWAYS else _unknown(name, known)
        if why_not := sent.options.get(name, unknown) if sent else unknown:
            yield f"has {_shown(name)}, which is not sent: {why_not}"


def _faults_in_repeats(url: str, service: Any, sent: Sent | None) -> Iterator[str]:
    """The options that come twice, or under two names: the last one would count."""
    first: dict[str, str] = {}
    for name in _names_in(url):
        option = _meant_by(name, service, sent)
        if option in first:
            other = first[option]
            both = (
                f"{_shown(name)} twice" if other == name else f"{_shown(other)} and {_shown(name)}"
            )
            yield f"has {both}, and only one is sent. Write it once"
        first[option] = name


def _faults_in_values(url: str, service: Any, sent: Sent | None) -> Iterator[str]:
    """The values that would be replaced by a default."""
    for name, value in options_in(url, service).items():
        words = (sent.values if sent else EMPTY).get(name)
        if value and words and value.lower() not in words:
            yield f"has {_shown(name)} with an unknown value. Write one of {', '.join(words)}"
        kind = type(service).template_args.get(name, {}).get("type")
        if value and kind == "bool" and parse_bool(value, True) != parse_bool(value, False):
            yield f"has {_shown(name)} with an unknown value. Write yes or no"


def _is_time(value: str) -> bool:
    try:
        return 0 < float(value) <= TIMEOUT_MAX
    except ValueError:
        return False


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


def _names_in(url: str) -> list[str]:
    """The names of all options; what Apprise passes on (`+`, `-`, `:`) has large letters, too."""
    options = SEPARATORS.split(url.partition("?")[2])
    names = [unquote(option.partition("=")[0]).strip() for option in options if option]
    return [name if name[:1] in "+-:" else name.lower() for name in names]


def _meant_by(name: str, service: Any, sent: Sent | None) -> str:
    """The option that a name stands for. Targets are not meant: they come together."""
    if sent and name in sent.aliases:
        return sent.aliases[name]
    known = type(service).template_args
    option = known.get(name, {}).get("alias_of")
    if not isinstance(option, str) or option not in known:
        return name
    return name if str(known[option].get("type")).startswith("list") else option


def _name_in(option: str) -> str:
    return unquote(option.partition("=")[0]).strip().lower()


def _meaning(url: str, service: Any) -> dict[str, Any]:
    return {key: value for key, value in _parsed(url, service).items() if key not in AS_WRITTEN}
