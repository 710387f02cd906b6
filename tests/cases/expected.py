"""What has to come out of each reported case."""

import re
from dataclasses import dataclass

RUN = "bash run.sh"
CHECK_EACH = 'for file in *.toml; do echo "== $file"; "$DB/doorbell" check --config "$file"; done'
CHECK_HOSTS = r"""
for host in "mqtt://h" "h:1883" "[::1]" " h" "http://h" "h h"; do
    printf '[broker]\nhost = "%s"\n' "$host" > host.toml
    echo "== $host"; "$DB/doorbell" check --config host.toml
done"""
LETTERS = ("a@b", "a%b", "a#b", "a/b", "a?b", "a:b", "a b", "a&b=c")


@dataclass(frozen=True)
class Expected:
    """What a case runs, and what its output has to hold and must not hold.

    The patterns are regular expressions; a dot is no end of line, and ^ and $ are those of a line.
    """

    meaning: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...] = ()
    command: str = RUN

    def faults_in(self, output: str) -> list[str]:
        """What is missing in an output, and what should not be there."""
        missing = [f"missing: {one}" for one in self.wanted if not _find(one, output)]
        return missing + [f"unwanted: {one}" for one in self.unwanted if _find(one, output)]


def _find(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.MULTILINE) is not None


def _is_read(name: str) -> str:
    """A settings file that `doorbell check` finds good."""
    return rf"== {name}\n(✓.*\n)+?✓ .*\.toml: 1 door"


def _is_refused(name: str, words: str) -> str:
    """A settings file in which it finds a fault, and says how to mend it."""
    return rf"== {name}\n(✓.*\n)*✗ .*{words}"


EXPECTED = {
    "01-toml-bom": Expected(
        "settings files of other editors are read, or refused with what to write",
        (
            *(_is_read(name) for name in (r"doorbell\.toml", r"crlf\.toml", r"utf16\.toml")),
            _is_refused(r"dup\.toml", "line 3: .* set above already"),
            _is_refused(r"latin1\.toml", "line 4: .* Save the file as UTF-8"),
            _is_refused(r"noquote\.toml", "line 2: .* needs quotes"),
            _is_refused(r"numpw\.toml", "password: not text. Put it in quotes"),
            _is_refused(r"smart\.toml", "line 2: .* curly quotes"),
            _is_refused(r"t24\.toml", "line 2: .* For midnight write 00:00:00"),
            _is_refused(r"t24b\.toml", "summary_at: not a time. Write it like 22:00:00"),
            _is_refused(r"t5\.toml", "title: not text. Put it in quotes"),
        ),
        ("Traceback", "Invalid statement", "codec"),
        command=CHECK_EACH,
    ),
    "02-host-url": Expected(
        "the forms in which people write an address are understood, or refused with what to write",
        (
            *(_is_read(re.escape(host)) for host in ("mqtt://h", "h:1883", "[::1]", " h")),
            _is_refused("http://h", "Write mqtt://, mqtts://"),
            _is_refused("h h", "not a name or address. Write one, like"),
        ),
        command=CHECK_HOSTS,
    ),
    "05-retain-unavailable": Expected(
        "a broker that keeps nothing: the bell rings, and the doctor says what is lost",
        ("✓ done doorbell.pressed", "keeps no retained messages", "✓ hub: ready"),
        ("Retain not supported",),
    ),
    "07-max-qos": Expected(
        "a broker that takes QoS 0 only: the bell rings, and the doctor says what is lost",
        ("✓ done doorbell.pressed", "takes QoS 0 only", "✓ hub: ready"),
    ),
    "09-telegram-topic": Expected(
        "a topic of a Telegram group gets the message",
        ('sendMessage .*"message_thread_id": 42', "✓ notify .* sent to 1"),
    ),
    "12-rtsp-password": Expected(
        "a camera's password may hold any character, and a wrong one is told as that",
        (
            r"== p@ss%w#or/d\npicture after",
            r"== p%40ss%25w%23or%2Fd\npicture after",
            r"== wrong\n.*refuses the login",
            *(rf"== {re.escape(letters)}\npicture after" for letters in LETTERS),
        ),
        ("Invalid argument", "Is it plugged in"),
        command=f"{RUN}; bash one.sh",
    ),
    "15-nonsquare-pixels": Expected(
        "704x576 with pixels of 16:11 is a picture of 1024x576, and the clip says its shape",
        (
            r"== sar\n(.*\n)+?h264,704,576,16:11,16:9,\d+\njpeg: 1024,576",
            r"== film\.mkv\n(.*\n)+?h264,704,576,16:11,16:9,\d+\n1024,576",
            r"== film265\.mkv\n(.*\n)+?h264,704,576,16:11,16:9,\d+\n1024,576",
        ),
    ),
    "16-clock-before-certificate": Expected(
        "a certificate that does not hold by the clock is told; the press arrives when it is set",
        (
            "not valid at this time .* Is this machine's clock right",
            "^INFO hub: connected to the broker",
            r"^2020-01-01 .* doorbell\.pressed$",
        ),
    ),
    "17-two-hubs-one-name": Expected(
        "the second hub of a name ends, and says why; the first one goes on",
        (
            "ERROR hub: another hub is called home, at .*: it stays, and this one ends",
            r"(Front door rang: [0-9a-f-]+\n){3}",
            "✓ hub: ready",
        ),
        command=f"{RUN}; cat hub2.log",
    ),
    "19-wled-segments": Expected(
        "a scene's colour reaches all selected segments, and is put back",
        (
            r'api \{"on": true, "bri": 204, "seg": \{"col": \[\[255, 204, 136\]\]\}\}',
            r'api \{"on": true, "bri": 128, "seg": \{"col": \[\[0, 0, 255\]\]\}\}',
            "✓ light .* back to on",
        ),
    ),
    "21-ntfy-limits": Expected(
        "title and door with emoji arrive; a picture that is refused for good is tried once",
        (
            r"POST / 200 .*\\\\ud83d\\\\udd14 T\\\\u00fcrklingel",
            r"✓ notify .* sent to 1: Somebody is at the haustür",
            r"✓ notify .* sent to 1: .*\(without the picture: ",
        ),
        (r"PUT .* 400 (.*\n)+.*PUT .* 400 ",),
        command=f"{RUN} noattach",
    ),
    "22-rtsp-udp-only": Expected(
        "a camera that speaks UDP only gives picture and clip",
        (r"RecordedClip\(.*seconds=[4-9]", r"pictures: \["),
        ("NO PICTURE",),
    ),
    "23-tasmota-fulltopic": Expected(
        "a changed FullTopic is understood, or refused with what to write",
        (
            "^tasmota:home/porch: ✓",
            "^tasmota:home/porch/cmnd: ✗ .* like tasmota:home/porch/%prefix%",
            "^tasmota:porch: ✓",
        ),
    ),
    "24-client-certificate": Expected(
        "a broker that wants a certificate of ours is told as that; an IPv6 address works",
        (
            "ERROR hub: .* it wants a certificate of ours. Set cert_file and key_file",
            # The doctor asks once: the broker says so, or hangs up before that was read.
            "→ (If it wants a certificate of ours, set|Set) cert_file and key_file",
            r"IPv6:\n.*connected to the broker at \[?::1",
        ),
        ("set tls = true",),
        # Its certificates are those of 16, which make themselves when that one runs.
        command=f"cd ../16-clock-before-certificate && {RUN} >/dev/null 2>&1; cd - && {RUN}",
    ),
}
