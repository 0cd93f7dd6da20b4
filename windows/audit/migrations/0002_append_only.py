from django.db import migrations

FUNCTION = """
create or replace function append_only() returns trigger language plpgsql as $$
begin
    raise exception '% on %: rows of this table never change', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
"""
TABLES = ["audit_auditentry", "audit_auditseal", "audit_audithead"]


def triggers(table: str) -> str:
    return (
        f"create trigger {table}_deny_change before update or delete on {table} for each row execute function append_only();"
        f"create trigger {table}_deny_truncate before truncate on {table} for each statement execute function append_only();"
    )


def undo(table: str) -> str:
    return f"drop trigger {table}_deny_change on {table}; drop trigger {table}_deny_truncate on {table};"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "drop function append_only()"),
        *[migrations.RunSQL(triggers(table), undo(table)) for table in TABLES],
    ]
