from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def as_it_stands(apps: Any, _: Any) -> None:
    """What the public was told so far is what the window says."""
    window = apps.get_model("scheduling", "Window").objects.filter(pk=OuterRef("window_id"))
    apps.get_model("announcements", "Announcement").objects.exclude(status="").update(
        starts_at=Subquery(window.values("starts_at")), ends_at=Subquery(window.values("ends_at"))
    )


class Migration(migrations.Migration):
    dependencies = [("announcements", "0001_what_the_public_is_told")]

    operations = [
        migrations.AddField("announcement", "starts_at", models.DateTimeField(null=True)),
        migrations.AddField("announcement", "ends_at", models.DateTimeField(null=True)),
        migrations.RunPython(as_it_stands, migrations.RunPython.noop),
    ]
