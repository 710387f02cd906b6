"""Whether a handler reacts to an event: by type, door, age, and what a crash may have left done."""

from collections.abc import Mapping

from hub.plugin.decorator import Reaction
from hub.plugin.handler_config import HandlerConfig
from hub.system.clock import SYSTEM, Clock
from hub.wire import topics
from hub.wire.event import Event

MAYBE_DONE = (
    "it may have been done already, before a crash or an older copy,"
    " and this handler does not repeat it"
)
SYNCED_ABOVE_S = 60.0


class Policy:
    """The rules of one handler: those in its file, and what the settings say in their place.

    Args:
        source: The handler's own source.
        reactions: Its functions by event type.
        config: Its settings.
        clock: Tells how old an event is.
    """

    def __init__(
        self,
        source: str,
        reactions: Mapping[str, Reaction],
        config: HandlerConfig,
        clock: Clock = SYSTEM,
    ) -> None:
        self._source = source
        self._reactions = reactions
        self._config = config
        self._clock = clock

    def reaction_to(self, kind: str) -> Reaction | None:
        """The function for events of this type; None when the file has none."""
        return self._reactions.get(kind) or self._reactions.get(topics.EVERY)

    def concerns(self, event: Event, reaction: Reaction) -> bool:
        """Whether the handler is to hear of this event at all.

        Its settings may name doors; a drill is for every door, and a phone is at none. And a `*`
        handler does not hear what it emits itself, so that it ends.
        """
        is_outcome = event.type.startswith(topics.OUTCOME_TYPES)
        if reaction.is_observer and event.source == self._source and not is_outcome:
            return False
        doors = self._config.doors
        is_everywhere = event.is_drill or event.type == topics.PUSH_CHANGED
        return doors is None or is_everywhere or event.subject in doors

    def reason_to_skip(self, event: Event, reaction: Reaction, *, any_age: bool) -> str | None:
        """Why the handler must not act on this event; None when it may.

        Args:
            event: As it was delivered.
            reaction: The function for it.
            any_age: It is not stale however old it is: a timer, or a replay that says so.
        """
        limit_s = None if any_age else self.stale_limit_s(event)
        if limit_s is not None:
            return f"stale: {event.age_s(self._clock):.0f} s old, {limit_s:.0f} s at most"
        if event.redelivered and reaction.on_redelivery == "skip":
            return MAYBE_DONE
        return None

    def stale_limit_s(self, event: Event) -> float | None:
        """The age limit that this event has exceeded, in seconds; None when it is not stale."""
        reaction = self.reaction_to(event.type)
        limit_s = self.max_age_s(event, reaction) if reaction else None
        is_stale = limit_s is not None and event.age_s(self._clock) > limit_s
        return limit_s if is_stale else None

    def needs_synced_claim(self, event: Event, reaction: Reaction) -> bool:
        """Whether the claim must be on the disk before the act.

        A power cut may take an unsynced claim with it. What may be no older than this is stale when
        the machine is back, or known to be from before its boot. For all else a claim that is on
        the disk is the only proof that it was done.
        """
        limit_s = self.max_age_s(event, reaction)
        return reaction.on_redelivery == "skip" and (limit_s is None or limit_s > SYNCED_ABOVE_S)

    def max_age_s(self, event: Event, reaction: Reaction) -> float | None:
        """How old this event may be, in seconds; None when it may be of any age."""
        if event.is_drill:
            return reaction.max_age_s
        return self._config.max_age_s or reaction.max_age_s
