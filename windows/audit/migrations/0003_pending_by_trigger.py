from django.db import migrations

CREATE = """
create function audit_entry_pending() returns trigger language plpgsql as $$
begin
    insert into audit_auditpending (entry_id) values (new.id);
    return null;
end $$;
create trigger audit_auditentry_pending after insert on audit_auditentry for each row execute function audit_entry_pending();
insert into audit_auditpending (entry_id)
select id from audit_auditentry e where not exists (select from audit_auditseal s where s.entry_id = e.id);
"""
DROP = "drop trigger audit_auditentry_pending on audit_auditentry; drop function audit_entry_pending();"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [migrations.RunSQL(CREATE, DROP)]
