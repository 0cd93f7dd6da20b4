from django.db import migrations, models

# An act that reads the clock in one minute and writes in the next has not excused the past: what counts is when its transaction began.
LOOKS_AHEAD = """
create or replace function adjustment_looks_ahead() returns trigger language plpgsql as $$
begin
    if new.is_example then
        return new;
    end if;
    new.recorded_at := clock_timestamp();
    if new.policy <> 'count' and new.starts_at < date_trunc('minute', %s) then
        raise exception 'an adjustment cannot begin in the past: % is before %', new.starts_at, new.recorded_at
            using errcode = 'check_violation', constraint = 'adjustment_looks_ahead';
    end if;
    return new;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("objectives", "0004_defaults_while_rolling_out")]
    operations = [
        migrations.RunSQL(LOOKS_AHEAD.replace("%s", "transaction_timestamp()"), LOOKS_AHEAD.replace("%s", "new.recorded_at")),
        migrations.AddField(model_name="objective", name="slices_from", field=models.DateTimeField(null=True)),
    ]
