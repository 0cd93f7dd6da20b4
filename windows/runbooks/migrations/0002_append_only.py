from django.db import migrations

TRIGGERS = """
create trigger runbooks_runbookversion_deny_change before update or delete on runbooks_runbookversion for each row execute function append_only();
create trigger runbooks_runbookversion_deny_truncate before truncate on runbooks_runbookversion for each statement execute function append_only();
"""
UNDO = "drop trigger runbooks_runbookversion_deny_change on runbooks_runbookversion; drop trigger runbooks_runbookversion_deny_truncate on runbooks_runbookversion;"


class Migration(migrations.Migration):
    dependencies = [("runbooks", "0001_initial"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
