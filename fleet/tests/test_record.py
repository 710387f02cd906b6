"""Events as records of Kafka, by CloudEvents' Kafka binding."""

import json

import pytest

from doorbell_fleet.record import BadRecordError, from_record, house_of, to_record
from hub.testing import event
from hub.wire.event import decode, encode


def test_an_event_comes_back_as_it_was():
    """Attributes become headers and back; the data is the value."""
    pressed = event(name="Haustür", via="button")
    record = to_record(encode(pressed), "homes/cottage")
    assert decode(from_record(record.value, record.headers)) == pressed
    assert (record.key, house_of(record.key)) == ("homes/cottage/front", "homes/cottage")
    headers = dict(record.headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_partitionkey"] == b"homes/cottage/front"
    assert headers["content-type"] == b"application/json"
    assert json.loads(record.value) == {"name": "Haustür", "via": "button"}


def test_structured_mode_is_read_as_well():
    """Another program may write it."""
    payload = encode(event())
    headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    assert from_record(payload, headers) == payload


@pytest.mark.parametrize(("value", "headers"), [(b"{", []), (b"{}", [("ce_id", b"\xff")])])
def test_what_is_neither_is_refused(value, headers):
    """In words that do not quote it."""
    with pytest.raises(BadRecordError, match="neither binary nor structured"):
        from_record(value, headers)


@pytest.mark.parametrize("key", ["front", "/front", "cottage/", ""])
def test_a_key_names_house_and_door(key):
    """Another one is none of ours."""
    with pytest.raises(BadRecordError, match="HOUSE/DOOR"):
        house_of(key)
