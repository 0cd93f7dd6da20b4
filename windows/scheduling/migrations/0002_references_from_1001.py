from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial")]
    operations = [migrations.RunSQL("alter table scheduling_window alter column id restart with 1001", migrations.RunSQL.noop)]
