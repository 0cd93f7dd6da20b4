from django.db import migrations

TRIGGERS = """
create trigger flags_flagversion_deny_change before update or delete on flags_flagversion for each row execute function append_only();
create trigger flags_flagversion_deny_truncate before truncate on flags_flagversion for each statement execute function append_only();
"""
UNDO = "drop trigger flags_flagversion_deny_change on flags_flagversion; drop trigger flags_flagversion_deny_truncate on flags_flagversion;"


class Migration(migrations.Migration):
    dependencies = [("flags", "0001_initial"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
