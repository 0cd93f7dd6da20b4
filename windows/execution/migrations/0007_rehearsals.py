
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('execution', '0006_checkpoints_and_proofs'),
        ('runbooks', '0003_runbooks_in_git'),
        ('scheduling', '0013_overrides_refused'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='rehearsal',
            field=models.CharField(blank=True, choices=[('dry_run', 'dry_run'), ('game_day', 'game_day')], db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='run',
            name='staged',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('runbook_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='runbooks.runbookversion')),
                ('window', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='broken_glass', to='scheduling.window')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('window', 'runbook_version'), name='glass_broken_once')],
            },
        ),
    ]
