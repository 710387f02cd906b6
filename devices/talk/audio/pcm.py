"""The sound of a talk: 16-bit samples, one channel, 16,000 a second. That is enough for speech."""

from array import array

RATE_HZ = 16_000
SAMPLE_BYTES = 2
BYTES_A_SECOND = RATE_HZ * SAMPLE_BYTES
BLOCK_FRAMES = RATE_HZ // 50  # 20 ms
BLOCK_BYTES = BLOCK_FRAMES * SAMPLE_BYTES
QUIET_PEAK = 330  # of 32,767: no word, but a pause between two
MEDIA_TYPE = "application/octet-stream"  # little-endian samples as they are


def bytes_for(seconds: float) -> int:
    """How many bytes such a time of sound takes."""
    return int(seconds * RATE_HZ) * SAMPLE_BYTES


def at_volume(sound: bytes, volume: float) -> bytes:
    """The same sound, 0 (silent) to 1 (as it came)."""
    if volume >= 1:
        return sound
    return array("h", (int(sample * volume) for sample in array("h", sound))).tobytes()


def is_quiet(sound: bytes) -> bool:
    """Whether nothing is to be heard in it."""
    samples = array("h", sound)
    return max(samples) < QUIET_PEAK and min(samples) > -QUIET_PEAK
