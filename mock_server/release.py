"""Which version this is."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("vatportal-mock")
except PackageNotFoundError:  # run from a checkout that was never installed
    VERSION = "0+checkout"
