"""What a program of your own may use: a producer, and a follower. Loaded when one is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

# The room of this name is bound first, and the function `hub.producer` after it.
import hub.producer  # noqa: F401

if TYPE_CHECKING:
    from hub.programs.event_follower import Follower
    from hub.programs.program_producer import ProgramProducer


@contextmanager
def producer(name: str, config: Path | str | None = None) -> Iterator["ProgramProducer"]:
    """Publish events of your own: `with hub.producer("shop") as shop: shop.publish(…)`.

    It is `doorbell/producer/NAME` on the wire, keeps its journal in `producer-NAME.db` in the state
    folder, and replies to queries as long as the block lasts. At the end it waits a few seconds for
    the broker; what that has not taken is published when a producer of this name is opened again.

    Args:
        name: One process at a time has it; a-z, 0-9, - and _.
        config: The settings file; None to look for it, as every process does.

    Raises:
        SettingsError: the settings have faults, or the name is invalid.
        StateError: another process has this name, or the file cannot be used.
    """
    from hub.programs.program import opened  # noqa: PLC0415 - no handler pays for it
    from hub.programs.program_producer import ProgramProducer  # noqa: PLC0415

    with opened("producer", name, config) as program, ProgramProducer(program) as publishing:
        program.start()
        yield publishing


@contextmanager
def follower(
    name: str, *types: str, config: Path | str | None = None, since_s: float = 0.0
) -> Iterator["Follower"]:
    """Copy events, each stream strictly in sequence: `with hub.follower("relay", "*") as events:`.

    It is `doorbell/handler/NAME` on the wire, like a handler, and keeps its cursors in `NAME.db`.

    Args:
        name: One process at a time has it, and no handler; the rule for a handler's name counts.
        types: The event types to follow; `*` is all of them.
        config: The settings file; None to look for it, as every process does.
        since_s: How many seconds before its first start a new follower begins.

    Raises:
        SettingsError: the settings have faults, or the name is invalid.
        StateError: another process has this name, or the file cannot be used.
    """
    from hub.programs.event_follower import Follower  # noqa: PLC0415
    from hub.programs.program import opened  # noqa: PLC0415

    with opened("handler", name, config) as program:
        following = Follower(program.bus, program.state, program.source, types, since_s)
        program.on_rival.append(following.stop)
        program.start()
        yield following
