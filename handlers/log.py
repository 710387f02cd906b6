"""Keep the visitor log: who rang when, and what each reaction did. `doorbell events` and `doorbell trace` show it."""

from pydantic import Field

from hub import Event, HandlerConfig, handler, keep

MADE_UP_S = 90 * 86_400.0  # at its very first start it makes up what the journals still hold


class Config(HandlerConfig):
    """Settings of `log`."""

    keep_days: float = Field(365, gt=0, description="how long a visit is kept")


@handler("*", since_s=MADE_UP_S)
def log(event: Event, config: Config) -> str:  # noqa: ARG001 - a handler's signature
    """Write it down, whatever it is."""
    keep(days=config.keep_days)
    return "written down"
