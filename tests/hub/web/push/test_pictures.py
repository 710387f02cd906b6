"""The picture in a notification is for whoever has its address, and for one day."""

import pytest

from hub.web.push import pictures
from hub.wire.tokens import picture_token
from hub.wire.tokens.picture_token import PictureSigner
from tests.hub.web.push.conftest import KEY


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(pictures, "AGAIN_S", 0.001)


def _path(press, key=KEY):
    return f"/push/picture/{PictureSigner(key).sign(press)}"


def test_the_browser_needs_no_login_for_it(page, tmp_path):
    """It fetches the picture by itself, without a cookie; no other press is shown."""
    (tmp_path / "1.jpg").write_text("a picture")
    page.pictures["press-1"] = tmp_path / "1.jpg"
    stranger = page.stranger()
    assert stranger.get(_path("press-1"), accept="image/*") == 200
    assert stranger.headers["content-type"] == "image/jpeg"
    assert stranger.headers["cache-control"] == "no-store"
    assert stranger.get(_path("press-2")) == 404


def test_the_picture_may_come_a_moment_later(page, tmp_path):
    """The notification can be faster than the event of its picture."""
    (tmp_path / "1.jpg").write_text("a picture")
    asked = []

    def picture(press):
        asked.append(press)
        return tmp_path / "1.jpg" if len(asked) > 3 else None

    page.picture = picture
    assert page.stranger().get(_path("press-1")) == 200


def test_an_address_cannot_be_made_up_and_ends(page, monkeypatch):
    """One of another house, a damaged one, or one of yesterday shows nothing."""
    stranger = page.stranger()
    assert stranger.get(_path("press-1", "another key")) == 403
    assert stranger.get("/push/picture/x") == 403
    assert stranger.get("/push/picture/") in (303, 404)
    monkeypatch.setattr(picture_token, "VALID_S", -1)
    assert stranger.get(_path("press-1")) == 410
