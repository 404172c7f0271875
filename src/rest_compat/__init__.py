"""The documented REST face: parse, one use case, render.

No rule, SQL or store import lives here; only zerodte may import it.
"""
