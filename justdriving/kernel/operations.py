"""Migration operations that let Postgres itself keep the house rules."""

from django.db import migrations


def same_school(table: str, column: str, target: str) -> migrations.RunSQL:
    """Make the database refuse a reference that crosses from one school to another."""
    name = f"{table}_{column}_same_school"[:63]
    index = f"{target}_id_school"[:63]
    return migrations.RunSQL(
        sql=[
            f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {target} (id, school_id)",
            f"""
            ALTER TABLE {table} ADD CONSTRAINT {name}
            FOREIGN KEY ({column}, school_id) REFERENCES {target} (id, school_id)
            DEFERRABLE INITIALLY DEFERRED
            """,
        ],
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
