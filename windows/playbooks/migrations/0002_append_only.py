from django.db import migrations

TRIGGERS = """
create trigger playbooks_playbookversion_deny_change before update or delete on playbooks_playbookversion for each row execute function append_only();
create trigger playbooks_playbookversion_deny_truncate before truncate on playbooks_playbookversion for each statement execute function append_only();
"""
UNDO = "drop trigger playbooks_playbookversion_deny_change on playbooks_playbookversion; drop trigger playbooks_playbookversion_deny_truncate on playbooks_playbookversion;"


class Migration(migrations.Migration):
    dependencies = [("playbooks", "0001_initial"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
