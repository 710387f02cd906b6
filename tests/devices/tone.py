"""A tone as a sound file, made by PyAV: no ffmpeg program is needed."""

from pathlib import Path

import av

RATE_HZ = 44_100
TONE = f"sine=frequency=440:duration=1:sample_rate={RATE_HZ}"


def write_tone(path: Path, codec: str) -> None:
    """Write one second of 440 Hz in the format that the name ends with."""
    with av.open(TONE, format="lavfi") as source, av.open(path, "w") as target:
        stream = target.add_stream(codec, rate=RATE_HZ, layout="mono")
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
