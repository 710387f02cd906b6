"""`doorbell check`: buttons that Telegram would refuse are told."""

import pytest

from config import Settings
from hub.admin.check.house import check

TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/4711"
NTFY = "ntfy://ntfy.example/door"
TOLD = (
    "notify: Telegram takes no buttons with the host doorbell of [web] url. "
    "Write one with a dot, like an IP address."
)


@pytest.mark.parametrize(
    ("url", "notify", "hints"),
    [
        ("http://doorbell:8080", {"urls": [TELEGRAM]}, [TOLD]),
        ("http://doorbell:8080", {"recipients": {"anna": {"urls": [NTFY, TELEGRAM]}}}, [TOLD]),
        ("http://doorbell:8080", {"urls": [NTFY]}, []),
        ("http://doorbell:8080", {"urls": [TELEGRAM], "enabled": False}, []),
        ("http://192.168.1.5:8080", {"urls": [TELEGRAM]}, []),
        ("http://[fd00::5]:8080", {"urls": [TELEGRAM]}, []),
        ("https://door.example", {"urls": [TELEGRAM]}, []),
        (None, {"urls": [TELEGRAM]}, []),
    ],
)
def test_buttons_that_telegram_would_refuse_are_a_hint(tmp_path, url, notify, hints):
    """It takes no host without a dot."""
    web = {"url": url} if url else {}
    settings = Settings(
        state_dir=tmp_path / "state", doors={"front": {}}, web=web, handlers={"notify": notify}
    )
    report = check(settings, tmp_path / "doorbell.toml")
    assert [hint for hint in report.hints if "Telegram" in hint] == hints
