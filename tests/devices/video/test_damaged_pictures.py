"""A camera behind bad Wi-Fi sends damaged pictures now and then. They cost only themselves."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices.film import make_film

# A decoder's thread that waits for Python's lock stops all of the process, this test's too.
DECODE = """
import sys
import av
from devices.video.packet import Packet, format_of_stream
from devices.video.recorded import CameraError
from devices.video.snapshot import jpeg_of

with av.open(sys.argv[1]) as film:
    stream_format = format_of_stream(film.streams.video[0])
    sent = [bytes(packet) for packet in film.demux(video=0) if packet.size]
for damaged in range(3, 12):
    packets = [
        Packet(place / 15, place / 15, bytes(len(data)) if place == damaged else data, place == 0)
        for place, data in enumerate(sent)
    ]
    try:
        jpeg_of(stream_format, packets)
    except CameraError:
        pass
print("done")
"""


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_damaged_picture_does_not_freeze_the_process(tmp_path: Path, codec: str):
    """Zeros in place of a picture: the decoder gives up, and ends."""
    film = make_film(tmp_path / "film.ts", codec, 2, group=30)
    decoding = [sys.executable, "-c", DECODE, str(film)]
    done = subprocess.run(decoding, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "done\n", done.stderr
