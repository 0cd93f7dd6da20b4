from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('execution', '0011_accepted_gap'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='covered_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='gap_at',
            field=models.DateTimeField(null=True),
        ),
    ]
