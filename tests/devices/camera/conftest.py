"""The cameras of a busy machine: one that was just opened may take seconds to give a picture."""

from collections.abc import Iterator

import pytest

from tests.forked import PATIENCE_S


@pytest.fixture(autouse=True, scope="module")
def _patient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("devices.video.recorder.PATIENCE_S", PATIENCE_S)
        yield
