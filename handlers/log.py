"""Keep the visitor log, which `doorbell events` and `doorbell trace` show."""

from pydantic import Field

from hub import Event, HandlerConfig, handler, keep

CATCH_UP_S = 90 * 86_400.0  # at its first start it takes in what the journals still have


class Config(HandlerConfig):
    """Settings of `log`."""

    keep_days: float = Field(365, gt=0, description="how long an event is kept")


@handler("*", since_s=CATCH_UP_S)
def log(event: Event, config: Config) -> str:
    """Keep every event."""
    keep(days=config.keep_days)
    return "kept"
