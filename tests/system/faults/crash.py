"""Runs one of our processes up to a named step, and kills it there with SIGKILL.

    python -m tests.system.faults.crash POINT hub.worker one --config doorbell.toml

A POINT is `before:hub.store.inbox.inbox:Inbox.claim:1`: before (or `after`) the first call of that
method. With `~PATTERN` behind it, only calls count whose arguments, written out, hold the pattern.
`-` is no point: the process lives. Nothing is built into the product for this: the method is
wrapped from outside.

`STEPS` names the points that the tests use. They are the gaps between the things that outlive a
process or leave it: what SQLite commits, what goes to the broker, what comes from it, and the act
itself. A crash anywhere else is the same as a crash at the nearest of these, because nothing that
lasts happens in between.

SIGUSR1 presses the (simulated) front button of a hub that runs in here, with no broker needed.
"""

import importlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from devices.button import SimulatedButton

POINT = re.compile(
    r"(?P<when>before|after):(?P<module>[\w.]+):(?P<name>\w+\.\w+):(?P<call>\d+)(~(?P<pattern>.+))?"
)

JOURNAL = "hub.store.journal.journal:Journal"
INBOX = "hub.store.inbox.inbox:Inbox"
CLIENT = "hub.mqtt.connection.clients.direct_client:DirectClient"
_PRESS, _DONE = "~event/doorbell/pressed", "~event/handler/done"
HUB_STEPS = {
    "the press is not written yet": "before:hub.producer.producer:Producer.publish:1",
    "written, not committed": f"after:{JOURNAL}.append:1",
    "committed, not published": f"before:hub.mqtt.bus:Bus.publish:1{_PRESS}",
    "published, not acknowledged": f"after:hub.mqtt.bus:Bus.publish:1{_PRESS}",
    "acknowledged, not noted": f"before:{JOURNAL}.mark_published:1",
    "acknowledgement noted": "after:hub.producer.relay:Relay.marked:1",
}
ANSWER_STEPS = {  # of a hub that is asked for what was missed
    "asked, not answered": "before:hub.producer.catchup_replies:CatchUpReplies._encode:1",
    "the answer is published": "after:hub.mqtt.bus:Bus.publish:1~/reply/",
}
WORKER_STEPS = {
    "to be acknowledged, not queued": rf"after:{CLIENT}.ack:1~, 1\)",  # of QoS 1
    "heard, not queued": "before:hub.consumer.consumer:Consumer._receive:1~doorbell.pressed",
    "not begun": f"before:{INBOX}.claim_all:1",
    "begun, not committed": f"after:{INBOX}._take:1",
    "begun, not acted on": f"after:{INBOX}.claim_all:1",
    "acted on, not recorded": "before:hub.consumer.outcomes:Outcomes.done:1",
    "finished, not committed": f"after:{INBOX}.finish:1",
    "outcome written, not committed": f"after:{JOURNAL}.append:1~'handler.done'",
    "outcome committed, not published": f"before:hub.mqtt.bus:Bus.publish:1{_DONE}",
    "outcome published": f"after:hub.mqtt.bus:Bus.publish:1{_DONE}",
    "done, not gone on": "after:hub.consumer.consumer:Consumer._take_live:1",
}
NOTE_STEPS = {  # of a handler that notes what the broker has acknowledged, before it waits again
    "the outcome's acknowledgement not noted": f"before:{JOURNAL}.mark_published:1",
    "the outcome's acknowledgement noted": "after:hub.producer.relay:Relay.marked:1",
}
CATCH_UP_STEPS = {  # of a handler that was off while the bell rang
    "the page is not read": "before:hub.consumer.catchup.catchup:CatchUp._open:1",
    "the producer is known, its events are not taken": "after:hub.store.cursors:Cursors.learn:1",
    "the second missed event is written, not committed": (
        "after:hub.consumer.succession:Succession.claim_next:1"
    ),
    "the second missed event is begun": "after:hub.consumer.succession:Succession.claimed:1",
    "the second missed event is acted on": "before:hub.consumer.outcomes:Outcomes.done:2",
}
RETRY_STEPS = {  # of a handler that fails at its first attempt
    "failed, not recorded": "before:hub.consumer.runner:Runner._fail:1",
    "the retry is planned, not committed": f"after:{INBOX}.retry:1",
    "the retry is taken up": "before:hub.consumer.runner:Runner._attempt:2",
    "the retry is acted on, not recorded": "before:hub.consumer.outcomes:Outcomes.done:1",
}
CHECKPOINT_STEPS = {  # of a handler that saves what it remembers before it acts
    "the checkpoint is written, not committed": "after:hub.consumer.attempt:LiveAttempt.write:1",
    "the checkpoint is committed": "after:hub.consumer.attempt:LiveAttempt.checkpoint:1",
    "the checkpoint is acted on, not recorded": "before:hub.consumer.outcomes:Outcomes.done:1",
    "the rest is written, not committed": "after:hub.consumer.attempt:LiveAttempt.write:2",
}
OBSERVER_STEPS = {  # of a handler of everything, which claims an event with its outcome
    "noted, not reserved": "after:hub.store.inbox.reservations:Reservations.begin:1",
    "reserved, not acted on": f"after:{INBOX}.reserve:1",
    "acted on, not claimed": "before:hub.consumer.outcomes:Outcomes.done:1~doorbell.pressed",
    "passed over, not committed": f"after:{INBOX}.finish:1~doorbell.pressed",
    "its outcome committed, not published": f"before:hub.mqtt.bus:Bus.publish:1{_DONE}",
}
DEAD_STEPS = {  # of a handler that gives up
    "given up, not committed": f"after:{INBOX}.dead_letter:1",
    "given up, not told": "before:hub.mqtt.bus:Bus.publish:1~event/handler/dead",
}
STEPS = (
    HUB_STEPS
    | ANSWER_STEPS
    | WORKER_STEPS
    | NOTE_STEPS
    | CATCH_UP_STEPS
    | RETRY_STEPS
    | CHECKPOINT_STEPS
    | OBSERVER_STEPS
    | DEAD_STEPS
)


def main() -> None:
    """The command."""
    _, point, module, *arguments = sys.argv
    if point != "-":
        plant(point)
    signal.signal(signal.SIGUSR1, _ring)
    sys.argv = [module, *arguments]
    importlib.import_module(module).main()


def plant(point: str) -> None:
    """Wrap the method that the point names; see `find`."""
    owner, method, parts = find(point)
    mined = _mined(
        getattr(owner, method),
        parts["when"],
        int(parts["call"]),
        re.compile(parts["pattern"] or ""),
    )
    setattr(owner, method, mined)


def find(point: str) -> tuple[type, str, re.Match[str]]:
    """The class and the method that a point names.

    Raises:
        ValueError: this is no point, or the method is not there (any more).
    """
    parts = POINT.fullmatch(point)
    if not parts:
        raise ValueError(f"{point}: a point looks like before:hub.store.inbox.inbox:Inbox.claim:1")
    owner_name, method = parts["name"].split(".")
    owner = getattr(importlib.import_module(parts["module"]), owner_name, None)
    if owner is None or not hasattr(owner, method):
        raise ValueError(
            f"{point}: {parts['module']} has no {parts['name']} (any more). Mend the list of steps"
        )
    return owner, method, parts


def _mined(
    call: Callable[..., Any], when: str, number: int, pattern: re.Pattern[str]
) -> Callable[..., Any]:
    left = number

    def mined(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        counts = pattern.search(repr((args[1:], kwargs)) if pattern.pattern else "") is not None
        left -= counts
        here = counts and left == 0
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args, **kwargs)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return mined


_buttons: list[SimulatedButton] = []
_listen = SimulatedButton.listen


def _known(button: SimulatedButton, *told: Any) -> None:
    _buttons.append(button)
    _listen(button, *told)


SimulatedButton.listen = _known  # type: ignore[method-assign]


def _ring(*_: object) -> None:
    """In a thread of its own, as a real button's edges are."""
    for button in _buttons:
        threading.Thread(target=button.press, daemon=True).start()


if __name__ == "__main__":
    main()
