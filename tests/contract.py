"""Holds what is said on a broker against the contract, hub/asyncapi.yaml."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

PATH = Path(__file__).parent.parent / "hub" / "asyncapi.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C's reads it ten times as fast
DOCUMENT: dict[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), LOADER)  # noqa: S506


def resolve(item: dict[str, Any]) -> dict[str, Any]:
    """What a reference inside the document stands for."""
    while "$ref" in item:
        found: Any = DOCUMENT
        for key in item["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        item = found
    return item


@cache
def _channels() -> list[tuple[re.Pattern[str], str]]:
    """Topics as expressions; the special before the general, by how many parameters they have."""
    names = sorted(
        DOCUMENT["channels"], key=lambda name: DOCUMENT["channels"][name]["address"].count("{")
    )
    return [(re.compile(_expression(DOCUMENT["channels"][name])), name) for name in names]


def _expression(channel: dict[str, Any]) -> str:
    levels = []
    for level in channel["address"].split("/"):
        if level.startswith("{"):
            parameter = resolve(channel["parameters"][level.strip("{}")])
            pattern = "|".join(parameter["enum"]) if "enum" in parameter else parameter["x-pattern"]
            levels.append(f"(?:{pattern})")
        else:
            levels.append(re.escape(level))
    return "/".join(levels)


def channel_of(topic: str) -> str | None:
    """The channel that a topic belongs to."""
    return next((name for expression, name in _channels() if expression.fullmatch(topic)), None)


@cache
def _validator(channel: str) -> Draft7Validator:
    payloads = [
        resolve(message)["payload"]
        for message in DOCUMENT["channels"][channel]["messages"].values()
    ]
    schema = payloads[0] if len(payloads) == 1 else {"anyOf": payloads}
    return Draft7Validator({**schema, "components": DOCUMENT["components"]})


def _takes(channel: str, content_type: str) -> bool:
    messages = DOCUMENT["channels"][channel]["messages"].values()
    return any(resolve(message)["contentType"] == content_type for message in messages)


def _is_state(channel: str) -> bool:
    """Whether the broker keeps the last message of a channel that only hubs publish."""
    operation = DOCUMENT["operations"].get(f"publish{channel[0].upper()}{channel[1:]}", {})
    is_kept: bool = operation.get("bindings", {}).get("mqtt", {}).get("retain", False)
    return is_kept and channel != "status"


def faults(topic: str, payload: bytes) -> list[str]:
    """What of a message is not as the contract has it; empty when all is well."""
    if (channel := channel_of(topic)) is None:
        return [f"{topic}: no channel has such a topic"]
    if _takes(channel, "image/jpeg"):
        is_picture = not payload or payload.startswith(b"\xff\xd8")
        return [] if is_picture else [f"{topic}: not a JPEG"]
    if not payload and _is_state(channel):
        return []  # it was cleared
    try:
        wire = json.loads(payload)
    except ValueError:
        if not _takes(channel, "text/plain"):
            return [f"{topic}: not JSON"]
        wire = payload.decode(errors="replace")
    found = [
        f"{topic}: {error.json_path}: {error.message}"
        for error in _validator(channel).iter_errors(wire)
    ]
    return found or _disagreements(topic, wire)


def _disagreements(topic: str, wire: dict[str, Any]) -> list[str]:
    """Topic and payload agree, and a reply holds only events of its sender."""
    if "/event/" in topic:
        said = _topic_of(topic, wire)
        return [] if said == topic else [f"{topic}: its payload says {said}"]
    if "/reply/" not in topic:
        return []
    if not topic.startswith(f"{_below_root(topic, wire['source'])}/reply/"):
        return [f"{topic}: replies for {wire['source']}"]
    topics = [(_topic_of(topic, event), event) for event in wire["events"]]
    return [fault for at, event in topics for fault in faults(at, json.dumps(event).encode())]


def _below_root(topic: str, source: str) -> str:
    """A source as the beginning of topics, below the root of this one."""
    role, name = source.split("/")[1:]
    root = re.split(r"/(?:hub|handler|producer|cli|web)/", topic, maxsplit=1)[0]
    return f"{root}/{role}/{name}"


def _topic_of(topic: str, event: dict[str, Any]) -> str:
    """Where this event belongs, below the root of this topic."""
    kind = event["type"].replace(".", "/")
    return f"{_below_root(topic, event['source'])}/event/{kind}/{event['subject']}"
