"""Deduct what was ordered from the stock, exactly once: what is left is in the memory."""

from pydantic import Field

from hub import Event, HandlerConfig, emit, handler, memory


class Config(HandlerConfig):
    """What may be set under [handlers.inventory]."""

    stock: dict[str, int] = Field(default={"bell": 100, "gong": 100, "dog": 100})


@handler("order.placed", timeout_s=10, since_s=86_400)
def reserve(event: Event, config: Config) -> str:
    """Memory, outcome and what is emitted are one transaction: all of it, or nothing."""
    sku, count = event.data["sku"], event.data["count"]
    left = memory.get(sku, config.stock.get(sku, 0))
    if left < count:
        emit("order.rejected", {"order": event.id, "why": f"{left} of {sku} left"})
        return f"only {left} left"
    memory[sku] = left - count
    emit("order.reserved", {"order": event.id, "left": left - count})
    return f"{left - count} left"
