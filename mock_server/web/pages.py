"""The simulator's own addresses that are neither the portal nor the control API."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mock_server import wire
from mock_server.portal.worlds import DEFAULT_WORLD, TooManyWorlds, Worlds
from mock_server.turns import Turns
from mock_server.web.openapi import served
from mock_server.web.paths import is_world

NONCE_BOUND = 200


def pages(worlds: Worlds, turns: Turns) -> list[Route]:
    """Routes of the simulator itself."""

    async def simulator(request: Request) -> Response:
        """Proof that this is a simulator, to which a tool may write: the nonce comes back."""
        nonce = request.query_params.get("nonce", "")[:NONCE_BOUND]
        return _json({"simulator": "vatportal-mock", "nonce": nonce})

    async def openapi(request: Request) -> Response:
        """The portal of a world; one that nobody has called yet begins, as it does for a client."""
        world = request.path_params.get("world", DEFAULT_WORLD)
        if not is_world(world):
            return Response("a world's name is 1 to 64 of a-z 0-9 . _ -\n", 404, media_type="text/plain")
        try:
            view = await turns(lambda: worlds.view(worlds.row(world)))
        except TooManyWorlds as error:
            return Response(f"{error}\n", 409, media_type="text/plain")
        return _json(served(view.readings, str(request.url.replace(query="")).removesuffix("/openapi.json")))

    return [Route("/__simulator", simulator), *(Route(f"{at}/openapi.json", openapi) for at in ("", "/w/{world}"))]


def _json(value: Any) -> Response:
    return Response(wire.text(value), media_type=JSONResponse.media_type)
