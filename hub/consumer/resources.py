"""Opens what a handler's reactions use, as long as the process lives."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from hub.plugin.decorator import Reaction
from hub.plugin.handler_config import HandlerConfig


def open_resources(
    stack: ExitStack, reactions: Iterable[Reaction], config: HandlerConfig
) -> dict[Reaction, Any]:
    """Open what the reactions use; what several use is opened once.

    Args:
        stack: Closes it at its end.
        reactions: Of one handler file.
        config: What each `uses=` is called with.
    """
    opened: dict[Any, Any] = {}
    found: dict[Reaction, Any] = {}
    for reaction in reactions:
        if reaction.uses and reaction.uses not in opened:
            context: AbstractContextManager[Any] = reaction.uses(config)
            opened[reaction.uses] = stack.enter_context(context)
        if reaction.uses:
            found[reaction] = opened[reaction.uses]
    return found
