"""Signed tokens for one picture: only this house makes them, and they expire."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.wire.tokens.picture_token import VALID_S, PictureSigner
from hub.wire.tokens.timed_signer import AHEAD_S, ExpiredError, ForgedError

KEY = "the key of a house, long enough for one"


def test_a_picture_token_is_for_one_press():
    """One of another house, or a damaged one, shows nothing."""
    token = PictureSigner(KEY).sign("press-1")
    assert PictureSigner(KEY).verify(token) == "press-1"
    for key, text in (("another key", token), (KEY, token[:-2]), (KEY, "")):
        with pytest.raises(ForgedError):
            PictureSigner(key).verify(text)


@pytest.mark.parametrize("ahead_s", [VALID_S - 2, -1, 2 - AHEAD_S])
def test_a_picture_is_shown_for_a_day(ahead_s):
    """A clock that was set back a little does no harm."""
    token = PictureSigner(KEY).sign("press-1")
    assert _read_later(token, ahead_s) == "press-1"


@pytest.mark.parametrize("ahead_s", [VALID_S + 2, -2 - AHEAD_S])
def test_a_token_of_another_day_shows_no_picture(ahead_s):
    """Nor does one from so far ahead that no clock of ours is the reason."""
    token = PictureSigner(KEY).sign("press-1")
    with pytest.raises(ExpiredError):
        _read_later(token, ahead_s)


def _read_later(token, ahead_s):
    return PictureSigner(KEY, lambda: datetime.now(UTC) + timedelta(seconds=ahead_s)).verify(token)
