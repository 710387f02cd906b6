"""Counts the presses of each door, and notes a press that comes after a later one."""

from hub import Event, HandlerConfig, handler, memory


@handler("doorbell.pressed", "bell.pressed", timeout_s=10)
def count(event: Event, config: HandlerConfig) -> str:
    last, presses, turned = memory.get(event.door, [0, 0, 0])
    memory[event.door] = [event.sequence, presses + 1, turned + (event.sequence <= last)]
    return ""
