"""The tables of all groups in one PostgreSQL. They grow with the doors, not with the presses."""

import secrets

import psycopg

LOCK = 0x646F6F72  # "door": one process makes the tables
EPOCHS = 3  # numberings of a stream that are remembered: each boot of its producer begins one

# An event that is finished has no row: the cursor of its stream has passed it, as in a house.
TABLES = """
CREATE SCHEMA IF NOT EXISTS doorbell;
CREATE TABLE IF NOT EXISTS doorbell.member_group (
    grp text PRIMARY KEY, epoch text NOT NULL, began timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS doorbell.cursor (
    grp text, house text, stream text, epoch text, sequence bigint NOT NULL,
    moved timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (grp, house, stream, epoch)) WITH (fillfactor = 70);
CREATE TABLE IF NOT EXISTS doorbell.inbox (
    grp text, house text, stream text, epoch text, sequence bigint,
    state text NOT NULL, attempts int NOT NULL, crashes int NOT NULL DEFAULT 0,
    due timestamptz, payload bytea NOT NULL, reason text,
    PRIMARY KEY (grp, house, stream, epoch, sequence));
CREATE INDEX IF NOT EXISTS inbox_due ON doorbell.inbox (grp, due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS doorbell.memory (
    grp text, house text, key text, value text NOT NULL, PRIMARY KEY (grp, house, key));
CREATE TABLE IF NOT EXISTS doorbell.head (
    grp text, house text, stream text, sequence bigint NOT NULL,
    PRIMARY KEY (grp, house, stream)) WITH (fillfactor = 70);
CREATE TABLE IF NOT EXISTS doorbell.outbox (
    position bigserial PRIMARY KEY, grp text NOT NULL, house text NOT NULL, payload bytea NOT NULL);
"""
FORGET_OLD_EPOCHS = """
DELETE FROM doorbell.cursor USING (
    SELECT house, stream, epoch,
        row_number() OVER (PARTITION BY house, stream ORDER BY moved DESC) AS age
    FROM doorbell.cursor WHERE grp = %(grp)s) AS old
WHERE cursor.grp = %(grp)s AND cursor.house = old.house AND cursor.stream = old.stream
    AND cursor.epoch = old.epoch AND old.age > %(epochs)s
"""


def prepare(db: psycopg.Connection, group: str) -> tuple[str, float]:
    """Make what is missing, and forget numberings that are long over.

    Returns:
        The epoch of the events that this group publishes, and the Unix second of its first start.
    """
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        # Asked first: CREATE INDEX locks its table, also where the index is there already.
        if db.execute("SELECT to_regclass('doorbell.outbox')").fetchone() == (None,):
            db.execute(TABLES)
        db.execute(
            "INSERT INTO doorbell.member_group VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (group, secrets.token_hex(8)),
        )
        db.execute(FORGET_OLD_EPOCHS, {"grp": group, "epochs": EPOCHS})
        found = "SELECT epoch, extract(epoch FROM began) FROM doorbell.member_group WHERE grp = %s"
        row = db.execute(found, (group,)).fetchone()
    assert row  # noqa: S101 - it was inserted above
    return str(row[0]), float(row[1])
