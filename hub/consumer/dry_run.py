"""How a handler reacts to a drill: with its dry run, or by saying that it was reached."""

from collections.abc import Mapping
from dataclasses import replace

from hub.plugin.decorator import MARK, Reaction, handler
from hub.plugin.handler_config import HandlerConfig
from hub.wire import topics
from hub.wire.event import Event

MAX_AGE_S = 300.0  # an older drill tells nothing about now


def with_drill(reactions: Mapping[str, Reaction]) -> dict[str, Reaction]:
    """Add a reaction to drills, where a file has none of its own.

    It is tried once, so that the result comes at once; with the time limit and the resource of the
    reaction to a press.

    Args:
        reactions: The file's reactions by event type.
    """
    if topics.DRILLED in reactions or topics.EVERY in reactions:
        return dict(reactions)
    return {**reactions, topics.DRILLED: _dry(reactions.get(topics.PRESSED))}


def _dry(pressed: Reaction | None) -> Reaction:
    if pressed is None or pressed.drill is None:
        reached: Reaction = getattr(_reached, MARK)
        return reached
    return replace(
        pressed,
        function=pressed.drill,
        types=(topics.DRILLED,),
        attempts=1,
        max_age_s=MAX_AGE_S,
        on_redelivery="repeat",
        since_s=0.0,
    )


@handler(topics.DRILLED, attempts=1, max_age_s=MAX_AGE_S)
def _reached(event: Event, config: HandlerConfig) -> str:  # noqa: ARG001 - a handler's signature
    return "reached; it has no dry run"
