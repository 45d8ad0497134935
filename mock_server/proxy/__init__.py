"""`vatportal-mock proxy`: between a client and a real portal, seeing everything and changing nothing.

The bytes themselves are passed on, as they come, in both directions: HTTP is read *beside* the stream, by h11 on a
copy. An HTTP client and a server put together would have to take each message apart and build another one, and what
they cannot help changing (the case of header names, chunks, compression, when an answer begins to arrive) is what a
developer looks for with a proxy. What is changed is in `heads.py`: the address, because the server has another one.
"""
