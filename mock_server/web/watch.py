"""Connections that take up room and time without need are let go: slow heads, stalled bodies, unread answers, crowds.

One look a second at all connections costs a request nothing, where a timer for each would cost some microseconds.
"""

import uvicorn

from mock_server.web.protocol import Http11Protocol

LOOK_EVERY_TICKS = 10
"""uvicorn ticks ten times a second."""

CROWDED = 0.8
"""From this share of the bound on, connections that are doing nothing are let go at once."""


class Server(uvicorn.Server):
    """uvicorn's server, which also looks after its connections."""

    async def on_tick(self, counter: int) -> bool:
        if counter % LOOK_EVERY_TICKS == 0:
            connections = [each for each in self.server_state.connections if isinstance(each, Http11Protocol)]
            bound = self.config.limit_concurrency
            crowded = bound is not None and len(connections) > CROWDED * bound
            for each in connections:
                each.look(crowded)
        return await super().on_tick(counter)
