"""The page: when an open one shows a ring, and whether a crowd there slows the bell."""

from contextlib import ExitStack
from pathlib import Path

import av

from tests.bench import rounds
from tests.bench.cases import LIGHT, Plan
from tests.bench.house import memory
from tests.bench.outside.programs import program
from tests.bench.outside.sightings import LIVE, PICTURE, SHOWN
from tests.bench.report.result import Result
from tests.bench.stage import stage

CASE = "the page, with `light` and `record`"
CROWDED = "the page, 50 listeners, 64 slow connections and a download beside it"
OUTSIDE = "tests.bench.outside.page"
EFFECTS = (*LIGHT.seen, SHOWN, PICTURE, LIVE)
FILM = "testsrc2=size=1280x720:rate=15:duration=20"
RATE = 15
REST_S = 1.2  # after an answer a press that comes sooner belongs to the same visit
MOST = 60


def measure(plan: Plan, *, is_crowded: bool) -> Result:
    """Press while a phone has the page open, and answers each visit there.

    Args:
        plan: How much is done.
        is_crowded: Whether others keep the page's process busy.
    """
    with stage(plan.checkout) as on, ExitStack() as outside:
        film = on.house.sightings.with_name("film.mp4")
        _make_film(film)
        on.house.set_up_page(film)
        on.start_outside()
        on.house.start("hub", "light", "record", "web")
        seen = str(on.house.sightings)
        outside.enter_context(program(OUTSIDE, "watch", on.house.link(), seen))
        rounds.warm_up(on.house, on.sightings, EFFECTS, rest_s=REST_S)
        if is_crowded:
            outside.enter_context(program(OUTSIDE, "crowd", on.house.link()))
        presses = min(plan.presses, MOST)
        measured, _ = rounds.measure(on, EFFECTS, presses, rest_s=REST_S)
        result = Result.of(CROWDED if is_crowded else CASE, measured)
        result.memory = {"page": memory.of(on.house.pids["web"])}
    return result


def _make_film(path: Path) -> None:
    """A test pattern in H.264, with a key frame each second."""
    with av.open(FILM, format="lavfi") as pattern, av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.codec_context.gop_size = RATE
        for frame in pattern.decode(video=0):
            film.mux(stream.encode(frame.reformat(format="yuv420p")))
        film.mux(stream.encode(None))
