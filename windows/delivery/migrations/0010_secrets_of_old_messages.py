from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# What was delivered before its secret stood beside it. Those still under way go on as they are.
OLD = """select id from delivery_message where id > %s and status = 'delivered' and body like '%%/approvals/by-mail/%%' order by id limit 1000"""
TAKEN_OUT = r"update delivery_message set body = regexp_replace(body, '(/approvals/by-mail/)[A-Za-z0-9_-]+', '\1…') where id = any(%s)"


def take_out(apps, schema_editor):
    """A thousand at a time, each in a transaction of its own: messages are queued and sent meanwhile."""
    last = 0
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(OLD, [last])
            found = [row[0] for row in cursor.fetchall()]
            if not found:
                return
            cursor.execute(TAKEN_OUT, [found])
            last = found[-1]


class Migration(migrations.Migration):
    # Outside a transaction: messages are queued while the index is built.
    atomic = False

    dependencies = [
        ('delivery', '0009_secrets_are_taken_out'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('secret', ''), _negated=True), fields=['secret_until'], name='message_with_secret'),
        ),
        migrations.RunPython(take_out, migrations.RunPython.noop, elidable=True),
    ]
