"""The tables, one file per noun, declared with SQLModel; only queries see their rows.

Identifiers are bigint inside and uuid4 outside, times timestamptz, money bigint cents, and what
other stores would make an enum is text with a CHECK. Only store may import it.
"""
