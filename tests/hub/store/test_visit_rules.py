"""The rules of visits are those of the handler `visit`, also where its settings are wrong."""

import math

import pytest

from config import Settings
from hub.store.guest_book.rules import VisitRules, rules_of

DEFAULTS = VisitRules(gap_s=60, missed_after_s=120)


@pytest.mark.parametrize("wrong", [-5, 0, 4000, math.nan, math.inf, 10**400, "soon", None, []])
def test_what_the_handler_refuses_counts_for_nobody(wrong):
    """The handler does not start then; the page and the LED go by the default."""
    settings = Settings.model_validate({"handlers": {"visit": {"missed_after_s": wrong}}})
    assert rules_of(settings) == DEFAULTS


def test_each_setting_counts_by_itself():
    """One that is wrong does not take the other with it."""
    table = {"missed_after_s": 300, "gap_s": "long", "enabled": False}
    settings = Settings.model_validate({"handlers": {"visit": table}})
    assert rules_of(settings) == VisitRules(gap_s=60, missed_after_s=300)
    assert rules_of(settings).over_after_s == 310
