"""The question about the page: nothing listens in the network unless the user says so."""

import tomllib
from pathlib import Path

import pytest

from config.tables.web import Web
from hub.admin.setup.dialog import Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.page import ask_page

URL = 'url = "https://door.example"'


def _ask(folder: Path, web: str, typed: str) -> Web:
    """What is set after this answer; an empty one is Enter."""
    path = folder / "doorbell.toml"
    if web != "new":
        path.write_text(f"[web]\n{web}\n", encoding="utf-8")
    draft = Draft(path)
    draft.change(ask_page(Dialog(lambda _: None, lambda _: typed, lambda _: False), draft))
    return Web(**draft.table.get("web", {}))


@pytest.mark.parametrize(
    ("web", "typed", "page", "listen"),
    [
        ("new", "", True, "0.0.0.0"),
        ("new", "here", True, "127.0.0.1"),
        ("new", "none", None, "127.0.0.1"),
        ("", "", None, "127.0.0.1"),
        ("", "house", True, "0.0.0.0"),
        ("page = true", "", True, "127.0.0.1"),
        ('page = true\nlisten = "0.0.0.0"', "", True, "0.0.0.0"),
        ('page = true\nlisten = "0.0.0.0"', "here", True, "127.0.0.1"),
        ('page = true\nlisten = "0.0.0.0"', "none", False, "0.0.0.0"),
        ('page = true\nlisten = "192.168.1.5"', "house", True, "192.168.1.5"),
        ("page = false", "", False, "127.0.0.1"),
        ("page = false", "house", True, "0.0.0.0"),
        (URL, "", None, "127.0.0.1"),
        (URL, "none", False, "127.0.0.1"),
        (f"{URL}\npage = false", "", False, "127.0.0.1"),
    ],
)
def test_an_answer_sets_the_page_and_where_it_listens(
    tmp_path: Path, web: str, typed: str, page: object, listen: str
):
    """Enter leaves an existing house as it is."""
    found = _ask(tmp_path, web, typed)
    assert (found.page, found.listen) == (page, listen)
    if web not in ("new", "") and not typed:
        assert found == Web(**tomllib.loads(web))
