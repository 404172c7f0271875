"""The top room: the command line, `zerodte up` with its supervisor, and the ASGI composition of both faces.

Nothing imports this room.
"""
