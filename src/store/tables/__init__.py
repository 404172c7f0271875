"""The tables, one file per noun, declared with SQLModel. They describe rows and never leave this package's queries.

Identifiers are bigint inside and uuid4 outside, times timestamptz, money bigint cents, and what
other stores would make an enum is text with a CHECK. Only store may import it.
"""
