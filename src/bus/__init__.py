"""Redis: job queues and wake-ups between processes. Nothing here is a record of anything.

Use cases and composition may import it.
"""
