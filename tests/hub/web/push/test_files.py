"""The page as an app: what a browser loads before it installs one."""

import json
import struct

from hub.web.push.files import FOLDER


def test_a_browser_can_install_the_page(page):
    """Manifest and icons are there for everybody: a browser loads them without a cookie."""
    stranger = page.stranger()
    assert stranger.get("/manifest.webmanifest") == 200
    assert stranger.headers["content-type"] == "application/manifest+json"
    manifest = json.loads(stranger.text)
    assert manifest["display"] == "standalone"
    assert manifest["start_url"] == manifest["scope"] == "./"  # also below a path of a proxy
    sizes = {icon["sizes"] for icon in manifest["icons"]}
    assert {"any", "192x192", "512x512"} <= sizes


def test_each_icon_has_the_size_that_it_says(page):
    """Those of the manifest, of Apple's home screen, and of Android's status bar."""
    for path in (FOLDER / "icons").glob("*.png"):
        side = int(path.stem.rpartition("-")[2])
        assert struct.unpack(">II", path.read_bytes()[16:24]) == (side, side)
    manifest = (FOLDER / "files.py").read_text(encoding="utf-8")
    for path in (FOLDER / "icons").iterdir():
        used = manifest + (FOLDER / "worker.js").read_text(encoding="utf-8")
        assert path.name in used or path.name == "apple-180.png"


def test_the_worker_lies_at_the_root_and_may_do_little(page):
    """It is for the folder that it lies in; a browser asks whether there is a new one."""
    stranger = page.stranger()
    assert stranger.get("/worker.js") == 200
    assert stranger.headers["content-type"].startswith("text/javascript")
    assert stranger.headers["cache-control"] == "no-cache"
    rules = stranger.headers["content-security-policy"]
    assert rules.startswith("default-src 'none'; script-src 'self'; connect-src 'self'")
    assert "unsafe" not in rules


def test_only_icons_are_icons(page):
    """No other file of the folder, nor of another one."""
    stranger = page.stranger()
    assert stranger.get("/icons/bell.svg") == 200
    for name in ("../files.py", "..%2ffiles.py", "files.py", "nothing.png"):
        assert stranger.get(f"/icons/{name}") in (303, 404)
