"""Write the migration that lets Postgres refuse references from one school into another."""

from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from justdriving.kernel.tenancy import SchoolOwned

HEAD = """from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [{dependencies}]

    operations = [
{operations}
    ]
"""


def references(model: type[Model]) -> list[tuple[str, str, str]]:
    """(table, column, target table) of every reference from one school's row to another's."""
    return [
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for field in model._meta.concrete_fields
        if isinstance(field.related_model, type)
        and issubclass(field.related_model, SchoolOwned)
        and field.column is not None
    ]


def constraint_name(table: str, column: str) -> str:
    return f"{table}_{column}_same_school"[:63]


class Command(BaseCommand):
    help = "Write a migration for the references of an app that the database does not guard yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app")

    def handle(self, *_args: Any, **options: Any) -> None:
        app = options["app"]
        missing = [
            reference
            for model in apps.get_app_config(app).get_models()
            if issubclass(model, SchoolOwned)
            for reference in references(model)
            if constraint_name(*reference[:2]) not in self.guarded()
        ]
        if not missing:
            self.stdout.write(f"{app}: every reference is guarded")
            return
        path = self.write(app, missing)
        self.stdout.write(f"wrote {path}: {len(missing)} references")

    def guarded(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'f' AND cardinality(conkey) = 2"
            )
            return {name for (name,) in cursor.fetchall()}

    def write(self, app: str, missing: list[tuple[str, str, str]]) -> Path:
        graph = MigrationLoader(connection).graph
        targets = {target.split("_")[0] for _, _, target in missing} | {app}
        leaves = sorted(leaf for leaf in graph.leaf_nodes() if leaf[0] in targets)
        last = next(name for label, name in leaves if label == app)
        name = f"{int(last[:4]) + 1:04d}_same_school{'' if last.startswith('0001') else '_again'}"
        path = Path(apps.get_app_config(app).path) / "migrations" / f"{name}.py"
        path.write_text(
            HEAD.format(
                dependencies=", ".join(f'("{label}", "{leaf}")' for label, leaf in leaves),
                operations="\n".join(
                    f'        same_school("{t}", "{c}", "{target}"),' for t, c, target in missing
                ),
            )
        )
        return path
