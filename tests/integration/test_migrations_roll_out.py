"""Old processes go on writing while new code rolls out: a column that comes later has a default in the database."""

from __future__ import annotations

from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel

PACKAGES = ("portal", "slo", "windows")


def test_r_b11_no_later_column_is_needed_by_those_who_do_not_know_it() -> None:
    loader = MigrationLoader(None)
    ours = {model._meta.app_label for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES}
    later, needed = 0, []
    for app, name in sorted(loader.graph.nodes):
        operations = loader.graph.nodes[app, name].operations if app in ours else []
        made_here = {one.name_lower for one in operations if isinstance(one, CreateModel)}
        for one in operations:
            # Its first migrations are one: Django cuts them where slices point at each other.
            if not isinstance(one, AddField) or one.model_name_lower in made_here or name.endswith("_initial"):
                continue
            later += 1
            state = loader.project_state().models.get((app, one.model_name_lower))
            field = state.fields.get(one.name) if state else None
            if isinstance(field, models.Field) and not (field.null or field.many_to_many or field.has_db_default() or field.generated):
                needed.append(f"{app}.{one.model_name}.{one.name} ({name}): say db_default")
    assert later > 20, "the walk found the columns that came later"
    assert not needed, "\n".join(needed)


def test_r_b11_every_migration_can_be_taken_back() -> None:
    loader = MigrationLoader(None)
    ours = {model._meta.app_label for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES}
    walked = [(key, one) for key, node in loader.graph.nodes.items() if key[0] in ours for one in node.operations]
    assert len(walked) > 100
    stuck = [f"{app}.{name}: {one.describe()}" for (app, name), one in walked if not one.reversible]
    assert not stuck, "\n".join(stuck)
