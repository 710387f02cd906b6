"""The packets that are read without paho."""

import pytest

from hub.mqtt.connection.clients import packets
from hub.mqtt.connection.clients.packets import MalformedPacketError, Publish

CONTENT = b"\x00\x03a/b\x00\x07" + b"\x02\x01\x01" + b"hello"  # with one property
WHOLE = bytes([0x3B, len(CONTENT)]) + CONTENT


def test_a_publish_is_read_without_its_properties():
    """Topic, number, flags and payload are what the broker sent."""
    start, end = packets.bounds(WHOLE, 0)
    message = packets.read_publish(WHOLE[0], WHOLE[start:end], is_mqtt5=True)
    assert message == Publish("a/b", b"hello", 7, 1, retain=True, dup=True)


def test_a_publish_of_mqtt_3_has_no_properties():
    """There everything behind the number is payload."""
    message = packets.read_publish(0x30, b"\x00\x01a" + b"\x00text", is_mqtt5=False)
    assert message == Publish("a", b"\x00text", 0, 0, retain=False, dup=False)


def test_a_topic_that_is_no_text_matches_nothing():
    """It does not end the connection, which anybody could bring about then."""
    message = packets.read_publish(0x30, b"\x00\x02\xff\xfe" + b"x", is_mqtt5=False)
    assert message.topic == "\ufffd\ufffd"


def test_the_length_of_a_packet_is_known_before_the_rest_comes():
    """Nothing is known before its last byte is there."""
    assert [packets.bounds(WHOLE[:length], 0) for length in (0, 1)] == [None, None]
    assert packets.bounds(WHOLE[:2], 0) == (2, len(WHOLE))
    assert packets.bounds(b"\x30\x80\x80", 0) is None


def test_a_long_packet_has_a_length_of_several_bytes():
    """Seven bits each, the low ones first."""
    assert packets.bounds(b"\x30\x80\x80\x01" + bytes(16_384), 0) == (4, 4 + 16_384)


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x05ab", b"\x00\x01a\x00", b"\x00\x01a\x00\x01\x7f"]
)
def test_a_publish_that_is_too_short_is_malformed(content):
    """It ends the connection, like everything that is no MQTT (MQTT 5, 4.13)."""
    with pytest.raises(MalformedPacketError):
        packets.read_publish(0x32, content, is_mqtt5=True)


def test_a_length_of_five_bytes_is_malformed():
    """There are four at most."""
    with pytest.raises(MalformedPacketError):
        packets.bounds(b"\x30\x80\x80\x80\x80\x01", 0)


def test_a_puback_may_leave_out_its_reason():
    """Then it is success (MQTT 5, 3.4.2.1)."""
    assert packets.read_puback(b"\x01\x02") == (258, 0)
    assert packets.read_puback(b"\x01\x02\x87\x00") == (258, 0x87)
    with pytest.raises(MalformedPacketError):
        packets.read_puback(b"\x01")
