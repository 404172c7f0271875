"""The database's history, one alembic revision a file.

Run it through ``store.migrating``; nothing imports it.
"""
