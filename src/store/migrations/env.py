"""What alembic runs: the revisions, on the connection that ``store.migrating`` hands over."""

from alembic import context

from store.metadata import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
