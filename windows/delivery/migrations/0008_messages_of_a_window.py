from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Outside a transaction: messages are queued while the index is built.
    atomic = False

    dependencies = [
        ('delivery', '0007_sent_again_is_queued_anew'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('window', ''), _negated=True), fields=['window', '-id'], name='message_of_window'),
        ),
    ]
