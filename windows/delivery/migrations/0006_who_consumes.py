from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("delivery", "0005_words_for_those_outside")]

    operations = [
        migrations.CreateModel(
            name="Consumed",
            fields=[
                ("queue", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField(db_default=Now())),
            ],
        ),
    ]
