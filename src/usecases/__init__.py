"""The verbs: each fetches, decides with the engine, writes, and tells.

No SQL and no wire format lives here; everything above may import it.
"""
