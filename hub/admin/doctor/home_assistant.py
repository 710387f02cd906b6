"""The doctor's look at Home Assistant: whether it is there, has heard us, and its version.

Home Assistant says nothing of itself on MQTT but `online` at its start. What is known here comes
from the broker, which says whether anybody listens to a topic (MQTT 5), and from the local network.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from config import Settings
from devices.machine import Finding, ok, skipped
from hub.admin.doctor.context import Context
from hub.system import dns_sd
from hub.wire.retained import states
from hub.wire.topics import Topics

Find = Callable[[str, float], Iterable[dict[str, str]]]
SERVICE = "_home-assistant._tcp.local"
WAIT_S = 1.0
OLDEST = (2025, 4)  # the oldest version that was tried
CONNECT = (
    "if you have Home Assistant: Settings, Devices & services, Add integration, MQTT, and the "
    "address of this broker; docs/home-assistant.md"
)
START_HUB = "the hub announces itself when it is connected: see `processes`"
TAKE = (
    "is [homeassistant] prefix what Home Assistant is set to? Its log says why it takes no "
    "announcement; with an access control list, docs/security.md"
)
UPDATE = "update it: announcements of whole devices need a newer one"


def probes(settings: Settings) -> tuple[str | None, tuple[str, ...]]:
    """What the broker is to be asked.

    Returns:
        The prefix below which announcements are, and three topics: one to which who reads
        announcements listens, one to which who has taken ours listens, and one to which only who
        listens to everything does.
    """
    wanted = settings.homeassistant
    if not wanted.enabled:
        return None, ()
    probe = f"{wanted.prefix}/{states.PROBE}"
    return wanted.prefix, (
        f"{probe}/config",
        states.taken(wanted.prefix, settings.broker.root, settings.hub),
        f"{probe}/nobody",
    )


def home_assistant(context: Context, find: Find = dns_sd.find) -> Iterator[Finding]:
    """What the broker and the network know of it; `find` asks the network."""
    if not context.settings.homeassistant.enabled:
        yield skipped("[homeassistant] enabled = false: the hub does not announce itself")
        return
    yield from _on_broker(context)
    try:
        yield from _on_network(list(find(SERVICE, WAIT_S)))
    except OSError as error:
        why = error.strerror or error
        yield skipped(f"its version is not known: the network cannot be asked ({why})")


def _on_broker(context: Context) -> Iterator[Finding]:
    seen, settings = context.seen, context.settings
    if seen is None:
        yield skipped("the broker cannot be asked: see `broker`")
        return
    prefix, asked = probes(settings)
    own = Topics(settings.broker.root).of(context.hub, "").encode()
    if not any(own in announcement for announcement in seen.announcements):
        words = f"the hub {settings.hub} is not announced on {prefix}/device/+/config"
        yield Finding("warning", words, START_HUB)
        return
    reads, has_taken, hears_all = map(seen.listened.get, asked)
    if reads is False:
        yield Finding("skipped", f"no program on this broker reads {prefix}/…", CONNECT)
    elif None in (reads, has_taken) or hears_all:
        why = "a program here listens to everything"
        if seen.protocol != "5.0":
            why = "this broker speaks MQTT 3.1.1 only"
        yield skipped(f"announced on {prefix}/…; {why}, so nobody knows whether it was heard")
    elif has_taken:
        yield ok(f"Home Assistant, or a program like it, has taken what we announced on {prefix}/…")
    else:
        words = f"a program reads {prefix}/…, but has not taken what we announced"
        yield Finding("warning", words, TAKE)


def _on_network(found: list[dict[str, str]]) -> Iterator[Finding]:
    for facts in found:
        version = facts.get("version", "")
        name = f"Home Assistant {version or 'of an unknown version'}"
        where = facts.get("internal_url") or facts.get("base_url") or "this network"
        number = re.match(r"(\d+)\.(\d+)", version)
        if number and (int(number[1]), int(number[2])) < OLDEST:
            yield Finding("warning", f"{name} is at {where}", UPDATE)
        else:
            yield ok(f"{name} is at {where}")
    if not found:
        yield skipped("its version is not known: no Home Assistant answers on this network")
