"""A stateful simulator of the VatPortal API. Unofficial; it issues no legal documents.

The front door is `create_app(Settings(...))`, an ASGI application.
"""

from importlib.metadata import PackageNotFoundError, version

from mock_server.app import create_app
from mock_server.settings import Settings

try:
    __version__ = version("vatportal-mock")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+checkout"

__all__ = ["Settings", "__version__", "create_app"]
