"""The shop: a form in the browser, and `POST /orders` with an idempotency key.

uvicorn --app-dir examples/orders shop:app --port 8000
"""

import html
import os
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from pymongo import MongoClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

import hub

GOODS = {"bell": "a brass bell", "gong": "a gong", "dog": "a barking dog"}
MOST = 9
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
FORM = """<form method="post" action="/orders"><input type="hidden" name="key" value="{key}">
<label>Goods <select name="sku">{options}</select></label>
<label>Count <input name="count" type="number" value="1" min="1" max="9"></label>
<button>Order</button></form>"""


@asynccontextmanager
async def _open(app: Starlette) -> AsyncIterator[None]:
    address = os.environ.get("ORDERS_DATABASE", "mongodb://127.0.0.1:27017/")
    with hub.producer("shop") as shop, MongoClient(address) as documents:
        app.state.shop = shop
        app.state.orders = documents["shop"]["orders"]
        yield


def show_form(_: Request) -> Response:
    """The key is made with the form: however often it is sent, it is one order."""
    options = "".join(f'<option value="{sku}">{words}</option>' for sku, words in GOODS.items())
    return HTMLResponse(_page("Order", FORM.format(key=uuid.uuid4(), options=options)))


async def place(request: Request) -> Response:
    """Take an order: from the form, or as JSON with the header `Idempotency-Key`."""
    is_form = "form" in request.headers.get("content-type", "")
    try:
        order = await _form(request) if is_form else await request.json()
        key = order.pop("key", "") or request.headers.get("idempotency-key", "")
        data = {"sku": str(order["sku"]), "count": int(order["count"])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"error": "give sku and count"}, 422)
    if not KEY.fullmatch(key):
        return JSONResponse({"error": "give an Idempotency-Key of 8 to 64 characters"}, 400)
    if data["sku"] not in GOODS or not 1 <= data["count"] <= MOST:
        return JSONResponse({"error": "there is no such thing, or not so many"}, 422)
    # When this returns, the order is on the disk: no crash loses it any more.
    event = await run_in_threadpool(
        request.app.state.shop.publish, "order.placed", data, id=key, subject="shop"
    )
    if dict(event.data) != data:
        return JSONResponse({"error": "this key is that of another order"}, 422)
    if is_form:
        return RedirectResponse(f"/orders/{key}", 303)
    return JSONResponse({"order": key}, 202, {"location": f"/orders/{key}"})


def show(request: Request) -> Response:
    """The order's timeline, from the documents."""
    order = request.app.state.orders.find_one({"_id": request.path_params["key"]})
    found: dict[str, Any] = order or {"state": "on its way", "events": []}
    if "json" in request.headers.get("accept", ""):
        return JSONResponse(found)
    steps = sorted(found["events"], key=lambda step: step["time"])
    lines = "".join(f"<li>{step['time']} <b>{step['type']}</b> {step['source']}" for step in steps)
    state = html.escape(found["state"])
    refresh = "" if len(steps) > 1 else '<meta http-equiv="refresh" content="1">'
    return HTMLResponse(_page("Your order", f'{refresh}<p id="state">{state}</p><ol>{lines}</ol>'))


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode())
    return {name: values[0] for name, values in fields.items()}


def _page(title: str, body: str) -> str:
    return f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}</html>'


app = Starlette(
    routes=[
        Route("/", show_form),
        Route("/orders", place, methods=["POST"]),
        Route("/orders/{key}", show),
    ],
    lifespan=_open,
)
