"""The yardstick: a Starlette route that returns constant bytes and does not read the body."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

POLL = b'{"res":1,"err_code":0,"err_msg":"","data":{"status":1,"status_desc":"Process running","stats":{}}}'
PAGE = b"[" + b"x" * 5_000_000 + b"]"


async def poll(_: Request) -> Response:
    return Response(POLL, media_type="application/json")


async def page(_: Request) -> Response:
    return Response(PAGE, media_type="application/json")


METHODS = ["GET", "POST"]
app = Starlette(routes=[Route("/poll", poll, methods=METHODS), Route("/page", page, methods=METHODS)])

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning", http="httptools", loop="uvloop")
