"""The simulator's own addresses that are neither the portal nor the control API."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mock_server import wire
from mock_server.portal.worlds import DEFAULT_WORLD, Worlds
from mock_server.turns import Turns
from mock_server.web.openapi import served

NONCE_BOUND = 200


def pages(worlds: Worlds, turns: Turns) -> list[Route]:
    """Routes of the simulator itself."""

    async def simulator(request: Request) -> Response:
        """Proof that this is a simulator, to which a tool may write: the nonce comes back."""
        nonce = request.query_params.get("nonce", "")[:NONCE_BOUND]
        return _json({"simulator": "vatportal-mock", "nonce": nonce})

    async def openapi(request: Request) -> Response:
        view = await turns(lambda: worlds.view(worlds.row(DEFAULT_WORLD)))
        return _json(served(view.readings, str(request.base_url).rstrip("/")))

    return [Route("/__simulator", simulator), Route("/openapi.json", openapi)]


def _json(value: Any) -> Response:
    return Response(wire.text(value), media_type=JSONResponse.media_type)
