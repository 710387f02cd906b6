"""The handler in docs/sound.md is one that can be loaded and run."""

import re

from config import Settings
from hub.plugin.loader import load
from hub.testing import event, run
from tests.house import ROOT


def test_the_handler_in_the_guide_works(tmp_path):
    """It opens its speaker, and plays its sound at sunset."""
    text = (ROOT / "docs" / "sound.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "sunset.py"
    path.write_text(source, encoding="utf-8")
    table = {"speaker": "simulated", "sound": "gong"}
    file = load(path, Settings(handlers={"sunset": table}, state_dir=tmp_path / "state"))
    reaction = file.reactions["clock.sunset"]
    with reaction.uses(file.config) as gong, run(event("clock.sunset")) as doing:
        assert reaction.function(doing.event, file.config, gong) == "gong.wav for 1.4 s at 80 %"
