"""The settings loader never crashes, whatever a file contains: it reads it, or says why not."""

import tempfile
from pathlib import Path

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from config import Settings, SettingsError
from config.reading.sources import load

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
KEYS = (
    st.sampled_from(
        [*Settings.model_fields, "host", "port", "name", "button", "pin", "driver", "front", "at"]
    )
    | TEXT
)
VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats()
    | TEXT
    | st.dates()
    | st.times()
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def _read(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "doorbell.toml"
        path.write_bytes(content)
        refused: list[SettingsError] = []
        try:
            load(path)
        except SettingsError as error:
            refused.append(error)
    assert all(one.faults and all(fault.strip() for fault in one.faults) for one in refused)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_toml_is_read_or_refused_in_words(tables):
    """Known keys with wrong values, unknown keys, tables in place of numbers."""
    _read(tomli_w.dumps(tables).encode())


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200) | TEXT.map(str.encode))
def test_any_bytes_are_read_or_refused_in_words(content):
    """What is no TOML, and what is no text."""
    _read(content)


@settings(deadline=None, max_examples=100)
@given(
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.integers(0, 400),
    st.binary(min_size=1, max_size=1),
)
def test_a_damaged_file_is_read_or_refused_in_words(tables, place, byte):
    """One byte of it is another."""
    whole = tomli_w.dumps(tables).encode()
    _read(whole[:place] + byte + whole[place + 1 :])
