"""The routes of web push."""

from functools import partial

from starlette.routing import Route

from hub.remote.push import PushClient
from hub.web.push import files
from hub.web.push.enrolled import Enrolled
from hub.web.push.enrolment import Enrolment
from hub.web.push.pictures import Pictures
from hub.web.site import Site


def routes(site: Site) -> list[Route]:
    """What the browser loads, what it asks, and the pictures in notifications."""
    client = PushClient(site.bus, site.settings, site.source)
    enrolled = Enrolled(
        site.settings.state_dir, site.register.phone, partial(client.change, sealed="")
    )
    enrolled.start()
    site.on_stop.append(enrolled.stop)
    enrolment = Enrolment(site.key, enrolled, client.change)
    return [*files.routes(), *enrolment.routes(), Pictures(site.key, site.book).route()]
