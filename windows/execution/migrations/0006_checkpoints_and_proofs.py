
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('execution', '0005_surfaces_by_generation'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='back_to',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='steprun',
            name='is_checkpoint',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='steprun',
            name='on_fail',
            field=models.CharField(choices=[('roll_back', 'roll_back'), ('checkpoint', 'checkpoint')], db_default='roll_back', default='roll_back', max_length=12),
        ),
        migrations.AddField(
            model_name='steprun',
            name='round',
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AlterField(
            model_name='steprun',
            name='phase',
            field=models.CharField(choices=[('step', 'step'), ('validation', 'validation'), ('proof', 'proof')], default='step', max_length=12),
        ),
    ]
