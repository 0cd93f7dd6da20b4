from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0010_secrets_of_old_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='timezone',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
    ]
