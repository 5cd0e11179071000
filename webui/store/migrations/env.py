"""Alembic's entry: runs the migrations on the connection that `schema.upgrade` hands over."""

from alembic import context

from webui.store.models import Model

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Model.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
