"""What each user may do on the broker, as a mosquitto ACL file: speak as themselves, hear what their part needs."""

from collections.abc import Iterable, Mapping, Sequence

from hub.mqtt.credentials import CLI
from hub.wire import topics

HEAD = """\
# Written by `doorbell secure`: what each user may say (write) and hear (read). See docs/security.md.
# What you add yourself belongs into acl.own: it is copied to the end of this file.
"""
ANYBODY = f"{topics.ROOT}/+/+"
WISHES = topics.source("cli", "+")
HANDLERS = topics.source("handler", "+")
BROKERS_NAME = "$SYS/broker/version"  # of mosquitto(8): the doctor tells who answers


NOTHING: Mapping[str, Sequence[str]] = {}


def acl(users: Iterable[str], own: str = "", heard: Mapping[str, Sequence[str]] = NOTHING) -> str:
    """The ACL file for these users.

    Args:
        users: Their names.
        own: What the person has added.
        heard: For a user, topics of others that its settings listen to.
    """
    blocks = []
    for user in users:
        granted = [*rights(user), *(f"read {topic}" for topic in heard.get(user, ()))]
        blocks.append(f"\nuser {user}\n" + "".join(f"topic {right}\n" for right in granted))
    return HEAD + "".join(blocks) + (f"\n{own}" if own else "")


def rights(user: str) -> list[str]:
    """`write TOPIC` and `read TOPIC` for a user; somebody of no known role may only listen."""
    role, _, name = user.partition("-")
    if user == CLI:
        return [
            f"write {topics.source('cli', '#')}",
            f"read {topics.ROOT}/#",
            f"read {BROKERS_NAME}",
        ]
    if role == "hub" and name:
        return _hub(name)
    if role == "handler" and name:
        return _handler(name)
    if role == "web" and name:
        return _web(name)
    return [f"read {topics.ROOT}/#"]


def _hub(name: str) -> list[str]:
    """A hub says events, answers who asks for old ones, hears how handlers fare (its drills), and wishes of `cli`."""
    me = topics.source("hub", name)
    return [
        *(
            f"write {topic}"
            for topic in (topics.event(me, "+", "+"), topics.status(me), topics.answer(me, "+"))
        ),
        f"write {topics.quiet(me)}",
        f"read {topics.quiet_wish(WISHES, name)}",
        f"read {topics.press(WISHES, name, '+')}",
        f"read {topics.drill(WISHES, name, '+')}",
        f"read {topics.answered(WISHES, name, '+')}",
        f"read {topics.answered(topics.source('web', '+'), name, '+')}",
        f"read {topics.ask(ANYBODY, '+')}",
        f"read {topics.status(HANDLERS)}",
        f"read {topics.event(HANDLERS, '+', '+')}",
    ]


def _handler(name: str) -> list[str]:
    """A handler does the same, hears all events, asks for what it missed, and reads the answers to itself."""
    me = topics.source("handler", name)
    said = (
        topics.event(me, "+", "+"),
        topics.status(me),
        topics.ask(me, "+"),
        topics.answer(me, "+"),
    )
    heard = (
        topics.event(ANYBODY, "+", "+"),
        topics.status(ANYBODY),
        topics.ask(ANYBODY, "+"),
        topics.answer(ANYBODY, name),
        topics.wake(WISHES, name),
        topics.quiet(topics.source("hub", "+")),
    )
    return [*(f"write {topic}" for topic in said), *(f"read {topic}" for topic in heard)]


def _web(name: str) -> list[str]:
    """The page of answer links passes answers on to its own hub, and hears whether that has said them; no more."""
    me = topics.source("web", name)
    return [
        f"write {topics.answered(me, name, '+')}",
        f"write {topics.status(me)}",
        f"read {topics.event_filter(topics.ANSWERED)}",
    ]
