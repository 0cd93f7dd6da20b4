from django.db import migrations

# Excusing looks ahead only: nobody writes down afterwards that bad minutes did not count. Rows of the example are made up, and marked so.
FUNCTIONS = """
create function adjustment_stands() returns trigger language plpgsql as $$
begin
    raise exception '% on %: an adjustment is never changed', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create function adjustment_looks_ahead() returns trigger language plpgsql as $$
begin
    if new.is_example then
        return new;
    end if;
    new.recorded_at := clock_timestamp();
    if new.policy <> 'count' and new.starts_at < date_trunc('minute', new.recorded_at) then
        raise exception 'an adjustment cannot begin in the past: % is before %', new.starts_at, new.recorded_at
            using errcode = 'check_violation', constraint = 'adjustment_looks_ahead';
    end if;
    return new;
end $$;
create trigger objectives_adjustment_looks_ahead before insert on objectives_adjustment for each row execute function adjustment_looks_ahead();
create trigger objectives_adjustment_deny_change before update or delete on objectives_adjustment
    for each row execute function adjustment_stands();
create trigger objectives_adjustment_deny_truncate before truncate on objectives_adjustment
    for each statement execute function adjustment_stands();
"""
UNDO = """
drop trigger objectives_adjustment_looks_ahead on objectives_adjustment;
drop trigger objectives_adjustment_deny_change on objectives_adjustment;
drop trigger objectives_adjustment_deny_truncate on objectives_adjustment;
drop function adjustment_looks_ahead();
drop function adjustment_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("objectives", "0002_maintenance_written_down")]
    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
