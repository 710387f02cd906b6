"""The bare floor: two paho clients on a broker, with nothing in between, in two processes.

One publishes and waits, the other one publishes on another topic as soon as it hears that. Also the
measure for other programs that answer on a topic.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tests.bench.outside.client import PATIENCE_S, connected
from tests.bench.outside.programs import program

PAYLOAD = b"x" * 500  # about an event's size
THERE, BACK = "floor/there", "floor/back"


def answer(port: int) -> None:
    """Echo for ever."""
    connected("floor-echo", port, [THERE], lambda c, _: c.publish(BACK, PAYLOAD, qos=1))
    print("ready", flush=True)
    threading.Event().wait()


def ask(port: int, there: str = THERE, back: str = BACK) -> None:
    """Do a round trip for each line of the standard input; print its seconds, -1 without an answer.

    It runs from before the call of publish until the answer's callback.
    """
    heard = threading.Event()
    at = 0.0

    def hear(*_: object) -> None:
        nonlocal at
        at = time.monotonic()
        heard.set()

    client = connected(f"floor-ask-{back}", port, [back], hear)
    print("ready", flush=True)
    for _ in sys.stdin:
        heard.clear()
        began = time.monotonic()
        client.publish(there, PAYLOAD, qos=1)
        print(at - began if heard.wait(PATIENCE_S) else -1, flush=True)


@contextmanager
def echo(port: int, there: str = THERE, back: str = BACK) -> Iterator[Callable[[], float]]:
    """Gives a function that does one round trip and returns its seconds.

    Args:
        port: Of the broker on this machine.
        there: The topic that is published. By default a process of the benchmark answers it.
        back: The topic on which the answer comes.
    """
    with ExitStack() as stack:
        if there == THERE:  # a second answer would have the client id of the first
            stack.enter_context(program(__name__, "answer", str(port)))
        asking = stack.enter_context(program(__name__, "ask", str(port), there, back))

        def once() -> float:
            asking.stdin.write(b"\n")
            asking.stdin.flush()
            seconds = float(asking.stdout.readline())
            assert seconds > 0, f"no answer on {back} within {PATIENCE_S} s"
            return seconds

        yield once


if __name__ == "__main__":
    what, given_port, *given_topics = sys.argv[1:]
    {"answer": answer, "ask": ask}[what](int(given_port), *given_topics)
