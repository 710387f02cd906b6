"""Ids that remember their message."""

import uuid

from hub.features.triggers.message_ids import id_of, is_of


def test_an_id_knows_its_message():
    """And no other topic or text; it is a UUIDv8, and two of one message differ."""
    ids = [id_of("z/bell", b"single") for _ in range(100)]
    assert all(is_of(one, "z/bell", b"single") for one in ids)
    assert not is_of(ids[0], "z/bell", b"double")
    assert not is_of(ids[0], "z/bel", b"lsingle")
    assert not is_of(str(uuid.uuid4()), "z/bell", b"single")
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in ids} == {(8, uuid.RFC_4122)}
    assert len(set(ids)) > 90
    assert ids == sorted(ids)
