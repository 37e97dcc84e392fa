"""The service on the web: Starlette routes around `Service`, and the control surface."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector_healing.demo.api import control
from connector_healing.demo.api.exchange import Answer, Asked, json_answer, problem
from connector_healing.demo.api.service import Service
from connector_healing.errors import UsageError

Handler = Callable[[Request], Awaitable[Response]]


def build_app(service: Service) -> Starlette:
    """The web application around a service."""
    return Starlette(
        routes=[
            Route("/_control/state", _controlled(service, _state), methods=["GET", "POST"]),
            Route("/_control/reset", _controlled(service, _reset), methods=["POST"]),
            Route("/_control/requests", _controlled(service, _requests), methods=["GET"]),
            Route("/oauth/token", _token(service), methods=["POST"]),
            Route("/{version}/{endpoint}", _resource(service), methods=["GET"]),
            Route("/{version}/operations/{endpoint}", _resource(service), methods=["GET"]),
        ]
    )


def _resource(service: Service) -> Handler:
    async def serve(request: Request) -> Response:
        asked = Asked(
            origin=f"{request.url.scheme}://{request.url.netloc}",
            path=request.url.path,
            version=request.path_params["version"],
            endpoint=request.path_params["endpoint"],
            query=dict(request.query_params),
            headers=dict(request.headers),
        )
        await asyncio.sleep(service.delay(asked).total_seconds())
        answer = service.answer(asked, time.monotonic())
        service.log.entries.append((asked.path, answer.status))
        return _response(answer)

    return serve


def _token(service: Service) -> Handler:
    async def grant(request: Request) -> Response:
        answer = service.access.grant(
            await request.body(),
            request.headers.get("authorization"),
            service.state.token_lifetime,
            time.monotonic(),
        )
        service.log.entries.append((request.url.path, answer.status))
        return _response(answer)

    return grant


def _controlled(
    service: Service, handle: Callable[[Service, Request], Awaitable[object]]
) -> Handler:
    async def serve(request: Request) -> Response:
        if request.client is None or not ip_address(request.client.host).is_loopback:
            return _response(problem(403, "forbidden", "The control answers to loopback only."))
        try:
            return _response(json_answer(await handle(service, request)))
        except UsageError as error:
            refused = {"field": error.field, "value": str(error.value), "allowed": error.allowed}
            return _response(json_answer(refused, 400))

    return serve


async def _state(service: Service, request: Request) -> object:
    if request.method == "POST":
        try:
            changes = json.loads(await request.body())
        except ValueError as error:
            raise UsageError("body", "", "A JSON object is wanted.") from error
        service.state = control.changed(service, changes)
    return control.shown(service)


async def _reset(service: Service, _: Request) -> object:
    service.state = control.initial(service)
    return control.shown(service)


async def _requests(service: Service, request: Request) -> object:
    return control.counted(service, request.query_params.get("since", "0"))


def _response(answer: Answer) -> Response:
    return Response(
        answer.body,
        status_code=answer.status,
        media_type=answer.media_type,
        headers=dict(answer.headers),
    )
