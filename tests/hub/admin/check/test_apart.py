"""What a child process finds out reaches its parent."""

from typing import Never

import pytest

from config import Settings
from hub.admin.check.apart import inspected


def test_an_error_of_the_child_says_where_it_was_raised():
    """Else a report of it would be of no use."""

    def divide(_: object) -> Never:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        inspected(Settings(), divide)
    assert "in divide\n" in raised.value.__notes__[0]
