"""One row per scope of an open window, as plain values: what flags, tags, /metrics and the status page may know."""

from django.db import models


class LiveScope(models.Model):
    window = models.CharField(max_length=20)  # MW-1042
    run_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    service = models.CharField(max_length=63)  # slugs, as labels
    environment = models.CharField(max_length=63)
    region = models.CharField(max_length=63)
    layer = models.CharField(max_length=3)
    mode = models.CharField(max_length=20)
    owner = models.CharField(max_length=120)
    coordinator = models.CharField(max_length=120, blank=True, db_default="")
    coordinator_email = models.CharField(max_length=254, blank=True, db_default="")
    team = models.CharField(max_length=63, blank=True, db_default="")  # the window's own
    step = models.CharField(max_length=120, blank=True)  # the step under way, by its name
    since = models.DateTimeField()
    until = models.DateTimeField()
    expected_alerts = models.JSONField(default=list)
    confidential = models.BooleanField(
        default=False, db_default=False
    )  # then window, title, owner and step are for few eyes; mode and place for all
    runbook = models.CharField(max_length=500, blank=True)  # a link

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "service", "environment", "region", "layer"], name="live_scope_once"),
        ]

    def __str__(self) -> str:
        return f"{self.window} {self.service}/{self.environment}/{self.region}"
