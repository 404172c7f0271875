"""Composition: settings, clocks, logging, and opening and closing what the use cases need.

No rule lives here; the faces, the workers and zerodte may import it.
"""
