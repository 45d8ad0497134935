"""The contract kit: holds any server that claims to be a VatPortal against the documents, over HTTP alone.

It shares the schemas with the simulator and nothing else; `mock_server` is used only through its front door, to
have something to check in-process.
"""
