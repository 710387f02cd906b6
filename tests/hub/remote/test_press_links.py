"""The links by which devices ring: made, kept, revoked."""

import stat

import pytest

from hub.remote.press_links import FILE, LinkError, PressLinks

KEY = "k" * 40


def test_a_link_is_the_same_until_it_is_revoked(tmp_path):
    """Whoever lost the address asks again; after a revocation it is another one."""
    links = PressLinks(tmp_path, KEY)
    first = links.make("shelly", "front")
    assert links.make("shelly", "front") == first
    token = links.token(first)
    assert PressLinks(tmp_path, KEY).find(token) == first
    links.revoke("shelly")
    assert links.find(token) is None
    assert links.token(links.make("shelly", "front")) != token
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_only_this_house_can_make_its_address(tmp_path):
    """Another key, another door or a cut-off signature is none; it is short enough for a Shelly."""
    links = PressLinks(tmp_path, KEY)
    link = links.make("shelly", "front")
    token = links.token(link)
    assert links.find(token) == link
    assert len(token) < 80
    others = [PressLinks(tmp_path, "another"), PressLinks(tmp_path / "other", KEY)]
    assert [one.find(token) for one in others] == [None, None]
    assert [links.find(text) for text in (token[:-1], "shelly", "", ".", "shelly.é")] == [None] * 5


def test_what_cannot_be_made_or_revoked_says_what_to_do(tmp_path, monkeypatch):
    """A name for two doors, too many, and one that is not there."""
    links = PressLinks(tmp_path, KEY)
    links.make("shelly", "front")
    with pytest.raises(LinkError, match=r"shelly: this link rings at front. Choose another --name"):
        links.make("shelly", "back")
    with pytest.raises(LinkError, match=r"other: no such link. There are: shelly"):
        links.revoke("other")
    monkeypatch.setattr("hub.remote.press_links.MOST", 1)
    with pytest.raises(LinkError, match="there are 1 links already"):
        links.make("more", "front")


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"id": 1}}'])
def test_a_damaged_file_says_what_to_do(tmp_path, content):
    """No link is valid then, and none is made over it."""
    (tmp_path / FILE).write_text(content)
    with pytest.raises(OSError, match=r"is damaged. Remove it, and make the links anew"):
        PressLinks(tmp_path, KEY).make("shelly", "front")
