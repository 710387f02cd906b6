"""The commands: what a program may have the hub or a handler do.

A command is one entry in `COMMANDS`. The access control list, the subscriptions and
hub/asyncapi.yaml follow from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hub.wire.codec import BadMessage, Message, Nullable, entry, is_json
from hub.wire.entries import COMMAND_ID, UUID, Flag, Seconds, Text
from hub.wire.recordings import Recordings
from hub.wire.tokens.push_seal import SEALED_LENGTH

BY_LENGTH = 64
ANSWER_LENGTH = 200  # a word like `coming`, or a sentence to be spoken at the door
SNOOZE = "snooze"  # an answer to the phone, not to the visitor
LONGEST_QUIET_S = 30 * 86_400
QUIET_WORDS = {b"on": True, b"off": False, b"auto": None}
PRESS_WORDS = (b"PRESS", b"ON", b"")

_ANSWER = Text(ANSWER_LENGTH, least=1, pattern=r".*\S.*")


class _ByButton(Message):
    """A command that a button gives with a bare word, too.

    Attributes:
        id: Empty after a bare word: then the hub makes one, and a repeat is not recognised by it.
    """

    __slots__ = ()
    id: str

    def encode(self) -> bytes:
        """The JSON; the bare word of a command that has no id."""
        return super().encode() if self.id else PRESS_WORDS[0]

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read it from JSON, from one of the bare words `PRESS` and `ON`, or from nothing.

        Raises:
            BadMessage: it is none of these.
        """
        word = payload.strip().upper()
        if word in PRESS_WORDS:
            return cls(id="")  # type: ignore[call-arg]
        if not word.startswith((b"{", b"[")):
            raise BadMessage("not JSON, nor PRESS, ON or nothing")
        return super().decode(payload)


@dataclass(frozen=True, slots=True)
class Press(_ByButton):
    """Press a button."""

    id: str = entry(COMMAND_ID)


@dataclass(frozen=True, slots=True)
class Drill(_ByButton):
    """Make a marked test press."""

    id: str = entry(COMMAND_ID)


@dataclass(frozen=True, slots=True)
class Answer(Message):
    """Answer the visitor.

    Attributes:
        answer: `coming`, `leave_it`, `snooze`, or a sentence to be spoken.
        by: Who answers; empty when that is not known.
        press: The id of the press that is answered; empty when it is about none.
        id: Empty after a bare text: then the hub makes one.
    """

    id: str = entry(COMMAND_ID)
    answer: str = entry(_ANSWER)
    by: str = entry(Text(BY_LENGTH, summary="Who answers."), default="")
    press: str = entry(
        Text(36, pattern=f"({UUID})?", summary="The id of the press that is answered."), default=""
    )

    def encode(self) -> bytes:
        """The JSON; the bare text of an answer that has no id."""
        return super(Answer, self).encode() if self.id else self.answer.encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Answer":
        """Read it from JSON, or from the bare text of the answer.

        Raises:
            BadMessage: it is neither.
        """
        text = payload.strip()
        if text.startswith(b"{") or is_json(text):
            return super(Answer, cls).decode(payload)
        if text.upper() in PRESS_WORDS:
            raise BadMessage("no answer. Write coming, leave_it, snooze or a sentence")
        return cls("", _ANSWER.read(text.decode(errors="surrogateescape")))


@dataclass(frozen=True, slots=True)
class Quiet(Message):
    """Have the house quiet, or not.

    Attributes:
        quiet: None: as the schedule says.
        for_s: For how many seconds; None: until it is changed.
        id: Comes back in the quiet state. The same command twice holds as long as one.
    """

    quiet: bool | None = entry(Nullable(Flag("null: as the schedule says.")))
    for_s: float | None = entry(Nullable(Seconds(LONGEST_QUIET_S)), default=None)
    id: str = entry(Text(64), default="")

    @classmethod
    def decode(cls, payload: bytes) -> "Quiet":
        """Read it from JSON, or from one of the bare words `on`, `off` and `auto`.

        Raises:
            BadMessage: it is neither.
        """
        word = payload.strip().lower()
        if word in QUIET_WORDS:
            return cls(QUIET_WORDS[word])
        return super(Quiet, cls).decode(payload)


@dataclass(frozen=True, slots=True)
class Subscribe(Message):
    """Notify a phone that has the page by web push, or no more.

    Attributes:
        id: Becomes the event's.
        subscription: The browser's subscription, sealed; empty when it has ended.
    """

    id: str = entry(COMMAND_ID)
    subscription: str = entry(
        Text(
            SEALED_LENGTH,
            pattern=r"[A-Za-z0-9_=-]*",
            summary="Sealed for `notify`; empty when the phone wants no more notifications.",
        )
    )


@dataclass(frozen=True, slots=True)
class Wake(Message):
    """Look into the inbox: something was put there from outside."""


@dataclass(frozen=True, slots=True)
class Snapshot(Message):
    """Take a picture now."""

    @classmethod
    def decode(cls, payload: bytes) -> "Snapshot":  # noqa: ARG003 - whatever a button sends
        """Take any payload: the topic says it all."""
        return cls()


Command = Press | Drill | Answer | Quiet | Subscribe | Recordings | Wake | Snapshot


@dataclass(frozen=True, slots=True)
class CommandType:
    """One kind of command.

    Attributes:
        message: Its type.
        target: What the levels behind its name stand for; the first is the name of the reader.
        writers: The roles that may give it.
        reader: The role that carries it out.
        qos: 1, or 0 for what may get lost.
        summary: What it does.
        words: What may stand in place of the JSON, as a JSON schema; None: nothing.
        is_for_people: Whether a person gives it, also in a program of another make.
    """

    message: type[Command]
    target: tuple[str, ...]
    writers: tuple[str, ...]
    reader: str
    summary: str
    qos: int = 1
    words: Mapping[str, Any] | None = None
    is_for_people: bool = True


_PRESS_SCHEMA = {
    "enum": [word.decode() for word in PRESS_WORDS],
    "description": "Upper and lower case are the same.",
}
COMMANDS = {
    "press": CommandType(
        Press, ("hub", "door"), ("cli", "web"), "hub", "Press a button.", words=_PRESS_SCHEMA
    ),
    "drill": CommandType(
        Drill,
        ("hub", "door"),
        ("cli", "web"),
        "hub",
        "Make a marked test press.",
        words=_PRESS_SCHEMA,
    ),
    "answer": CommandType(
        Answer,
        ("hub", "door"),
        ("cli", "web"),
        "hub",
        "Answer the visitor.",
        words=_ANSWER.schema(),
    ),
    "quiet": CommandType(
        Quiet,
        ("hub",),
        ("cli", "web"),
        "hub",
        "Have the house quiet, or not.",
        words={"enum": [word.decode() for word in QUIET_WORDS]},
    ),
    "subscribe": CommandType(
        Subscribe,
        ("hub", "phone"),
        ("cli", "web"),
        "hub",
        "Notify a phone that has the page by web push, or no more.",
        is_for_people=False,
    ),
    "recordings": CommandType(
        Recordings,
        ("hub", "door"),
        ("cli", "web"),
        "hub",
        "Have the recordings of a visit deleted, or kept.",
        is_for_people=False,
    ),
    "wake": CommandType(
        Wake,
        ("handler",),
        ("cli",),
        "handler",
        "Look into the inbox at once.",
        qos=0,
        is_for_people=False,
    ),
    "snapshot": CommandType(
        Snapshot,
        ("handler", "hub", "door"),
        ("cli",),
        "handler",
        "Take a picture now, and publish it.",
        words={"type": "string"},
    ),
}


def name_of(command: Command) -> str:
    """The name of a command's kind: `press`."""
    return type(command).__name__.lower()


def decode(name: str, payload: bytes) -> Command:
    """Read a command of this kind.

    Raises:
        BadMessage: whatever is wrong with it.
    """
    if name not in COMMANDS:
        raise BadMessage(f"{name} is not a command. There are: {', '.join(COMMANDS)}")
    return COMMANDS[name].message.decode(payload)


def is_answer(text: str) -> bool:
    """Whether a visitor may be answered with this."""
    return bool(text.strip()) and len(text) <= ANSWER_LENGTH and text.isprintable()
