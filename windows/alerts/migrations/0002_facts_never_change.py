from django.db import migrations


class Migration(migrations.Migration):
    """Not even by hand. They go with their alert, when it is forgotten."""

    dependencies = [("alerts", "0001_ledger"), ("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            "create trigger alerts_alertfact_deny_change before update on alerts_alertfact for each row execute function append_only();",
            "drop trigger alerts_alertfact_deny_change on alerts_alertfact;",
        ),
    ]
