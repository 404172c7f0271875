"""The rules of the market and the books: values in, values out.

No I/O, clock, async, randomness or logging lives here, and nothing here imports another room.
Every room may import it.
"""
