"""A stateful simulator of the VatPortal API. Unofficial; it issues no legal documents.

The front door is `create_app(Settings(...))`, an ASGI application.
"""

from mock_server.app import create_app
from mock_server.release import VERSION as __version__
from mock_server.settings import Settings

__all__ = ["Settings", "__version__", "create_app"]
