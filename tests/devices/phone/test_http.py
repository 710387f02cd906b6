"""What an answer says, whoever has read it."""

import pytest

from devices.phone.http import error_of, error_within
from devices.phone.http_session import Session
from tests.devices.phone.service import Answer, serving


@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_that_was_read_in_pieces_says_its_status(status):
    """As Apprise does where an answer may be long."""
    with serving() as service, Session() as session:
        service.answer = Answer(status, {"ok": False, "error": "never"}, {"Retry-After": "3"})
        response = session.get(f"http://127.0.0.1:{service.port}/", stream=True)
        assert b"".join(response.iter_content(4))
    assert error_within(response) is None
    error = error_of(response)
    assert (error.status, error.retry_after_s) == (status, 3)
