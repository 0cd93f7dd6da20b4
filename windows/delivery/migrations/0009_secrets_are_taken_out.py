from django.db import migrations, models


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
    ]
