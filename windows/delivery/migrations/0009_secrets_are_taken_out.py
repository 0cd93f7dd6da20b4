from django.db import migrations, models

# What was delivered before its secret stood beside it. Those still under way go on as they are.
TAKEN_OUT = r"""update delivery_message set body = regexp_replace(body, '(/approvals/by-mail/)[A-Za-z0-9_-]+', '\1…')
 where status = 'delivered' and body like '%/approvals/by-mail/%'"""


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0008_messages_of_a_window'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='secret',
            field=models.CharField(blank=True, db_default='', max_length=200),
        ),
        migrations.AddField(
            model_name='message',
            name='secret_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=~models.Q(secret=''), fields=['secret_until'], name='message_with_secret'),
        ),
        migrations.RunSQL(TAKEN_OUT, migrations.RunSQL.noop),
    ]
