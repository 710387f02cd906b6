"""What the tests of the login share."""

import pytest

from hub.web.login import password


@pytest.fixture(autouse=True)
def _quick_scrypt(monkeypatch):
    """A hash that takes no time; test_password has the real one."""
    monkeypatch.setattr(password, "N_EXPONENT", 4)
