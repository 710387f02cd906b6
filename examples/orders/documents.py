"""Keep each order as a document, in a store that speaks MongoDB's protocol."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import MongoClient
from pymongo.collection import Collection

from hub import Event, HandlerConfig, handler

STATES = {"order.reserved": "reserved", "order.rejected": "rejected"}


class Config(HandlerConfig):
    """What may be set under [handlers.documents]."""

    database: str = "mongodb://127.0.0.1:27017/"


@contextmanager
def open_orders(config: Config) -> Iterator[Collection]:
    """One connection for the life of the process."""
    with MongoClient(config.database, serverSelectionTimeoutMS=3000) as client:
        yield client["shop"]["orders"]


@handler(
    "order.placed",
    "order.reserved",
    "order.rejected",
    since_s=86_400,
    uses=open_orders,
    attempts=50,
)
def note(event: Event, config: Config, orders: Collection) -> str:
    """Whatever comes first, and however often: a step is in the document once."""
    order = event.data.get("order", event.id)
    step = {
        "id": event.id,
        "type": event.type,
        "time": event.time.isoformat(),
        "source": event.source,
    }
    change = {"$set": {"trace": event.traceparent.split("-")[1]}, "$addToSet": {"events": step}}
    if event.type == "order.placed":
        change["$set"] |= {"goods": dict(event.data)}
        change["$setOnInsert"] = {"state": "placed"}
    else:
        change["$set"] |= {"state": STATES[event.type]}
    orders.update_one({"_id": order}, change, upsert=True)
    return f"{order}: {event.type}"
