"""A real RTSP server (GStreamer's), run by the system's Python.

`rtsp_server.py PORT [udp] [squeezed] [keyless] [login=USER:PASSWORD]`: over UDP only, with pixels
of 16:11, with a key frame at the beginning only.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

SHAPE = "16/11" if "squeezed" in sys.argv else "1/1"
GROUP = 100_000 if "keyless" in sys.argv else 15
LOGIN = next((word.partition("=")[2] for word in sys.argv if word.startswith("login=")), "")
PIPELINE = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1"
    f",pixel-aspect-ratio={SHAPE}"
    f" ! x264enc tune=zerolatency key-int-max={GROUP} ! rtph264pay name=pay0 )"
)

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(PIPELINE)
factory.set_shared("keyless" not in sys.argv)
if "udp" in sys.argv:
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
if LOGIN:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(*LOGIN.split(":", 1)), token)
    server.set_auth(auth)
    rights = "user, media.factory.access=true, media.factory.construct=true"
    factory.add_role_from_structure(Gst.Structure.new_from_string(rights))
server.get_mount_points().add_factory("/door", factory)
server.attach(None)
GLib.MainLoop().run()
