"""What a form of ours sends: names and values, as browsers encode them."""

from urllib.parse import parse_qsl

from starlette.requests import Request

FIELDS = 50


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form (application/x-www-form-urlencoded); of two of one name the last.

    Another body has none. `hub.web.body_limit` bounds how much is read.
    """
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        return {}
    return dict(pairs)
