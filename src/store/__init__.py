"""PostgreSQL: tables, queries, locks and migrations. Functions take an open transaction.

No rule lives here; use cases and composition may import it.
"""
