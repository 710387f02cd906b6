"""Whether a request that changes something comes from our own page (CSRF)."""

from starlette.requests import Request

SAFE = ("GET", "HEAD", "OPTIONS")
OWN = ("same-origin", "none")  # `none`: the person did it, as by loading the page once more


def is_from_our_page(request: Request) -> bool:
    """By what browsers say themselves, as OWASP's cheat sheet on CSRF has it, without a token.

    Sec-Fetch-Site decides. Browsers send it over HTTPS and to localhost only, so that over plain
    HTTP the Origin has to be ours. A request with neither is refused: every browser of the last
    years sends one of them with a POST.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN
    _, _, host = request.headers.get("origin", "").partition("://")  # a stranger's may be no URL
    return host in request.state.hosts - {""}
