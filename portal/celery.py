"""The Celery application: the database is the queue, messages are only doorbells."""

import os
from pathlib import Path
from typing import Any

from celery import Celery, signals
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# Without these a ring takes six seconds while the broker is away, in the middle of a rollback too.
ONE_MORE_TRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
AMQP_OPTIONS = {**ONE_MORE_TRY, "confirm_publish": True}
REDIS_OPTIONS = {
    **ONE_MORE_TRY,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "visibility_timeout": 3600,
    "socket_keepalive": True,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
}
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "portal.broker:Transport"))  # imported where one is spoken to
sweep = settings.ROADWORKS.sweep.total_seconds()
app = Celery("roadworks", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_store_eager_result=False,
    result_backend=None,
    task_serializer="json",
    accept_content=["json"],
    task_routes={
        "execution.advance_run": {"queue": "execute"},
        "*.sweep": {"queue": "sweep"},
        "*.measure": {"queue": "measure"},
        "*.notify": {"queue": "notify"},
        # Others' servers may be slow and old rows many: neither a gate nor a page waits for that.
        "*.reconcile": {"queue": "outside"},
        "scheduling.poll_calendars": {"queue": "outside"},
        "scheduling.ask_conflicts": {"queue": "outside"},
        "*.forget": {"queue": "outside"},
    },
    task_default_queue="execute",
    task_create_missing_queues=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_proc_alive_timeout=60.0,  # seconds: on a busy machine four are too few, and a process that is killed young is forked again
    worker_hijack_root_logger=False,
    task_acks_late=False,  # a lost message costs a sweep; a message that comes back an hour later costs trust
    broker_connection_retry_on_startup=True,
    timezone="UTC",
    worker_send_task_events=False,
    task_send_sent_event=False,
    # A tick says only "look at the table"; it expires, so that ticks never pile up while workers are away.
    beat_schedule={
        "execution": {"task": "execution.sweep", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "surfaces": {"task": "execution.reconcile", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "watch": {"task": "execution.measure", "schedule": 1.0, "options": {"expires": 2.0}},  # gates have intervals of their own
        "burn": {"task": "execution.burn.measure", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "afterwards": {"task": "execution.afterwards.measure", "schedule": 15.0, "options": {"expires": 15.0}},
        "delivery": {"task": "delivery.notify", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "notices": {"task": "notices.notify", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "status": {"task": "status.notify", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "approvals": {"task": "approvals.sweep", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "alerts": {"task": "alerts.notify", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "withheld": {"task": "alerts.reconcile", "schedule": settings.ROADWORKS.reconcile.total_seconds(), "options": {"expires": 15.0}},
        "conflicts": {"task": "scheduling.ask_conflicts", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "calendars": {"task": "scheduling.poll_calendars", "schedule": 60.0, "options": {"expires": 30.0}},
        "flags": {"task": "flags.sweep", "schedule": sweep, "options": {"expires": max(2.0, sweep)}},
        "audit": {"task": "audit.sweep", "schedule": settings.ROADWORKS.sealer.total_seconds(), "options": {"expires": 2.0}},
        "follow-ups": {"task": "reviews.sweep", "schedule": 3600.0, "options": {"expires": 600.0}},
        "series": {"task": "scheduling.sweep", "schedule": 3600.0, "options": {"expires": 600.0}},
        "runbooks": {"task": "runbooks.reconcile", "schedule": 15.0, "options": {"expires": 15.0}},
        "slices": {"task": "objectives.reconcile", "schedule": 10.0, "options": {"expires": 10.0}},
        "scrape": {"task": "signals.reconcile", "schedule": 5.0, "options": {"expires": 5.0}},  # as often as a gate may look (SPEC §23)
        "measure": {"task": "telemetry.measure", "schedule": 60.0, "options": {"expires": 30.0}},
        **{
            f"forgetting-{slice_}": {"task": f"{slice_}.forget", "schedule": 3600.0, "options": {"expires": 600.0}}
            for slice_ in ("telemetry", "execution", "delivery", "alerts", "signals", "portal")
        },
    },
)


def use_broker(url: str) -> None:
    """Publish and consume there, with what each kind of broker needs. Also drops connections to the one before."""
    quorum = url.startswith("amqp")
    app.conf.update(
        broker_url=url,
        task_default_queue_type="quorum" if quorum else "classic",
        task_create_missing_queue_type="quorum" if quorum else "classic",
        broker_transport_options=AMQP_OPTIONS if quorum else REDIS_OPTIONS,
    )
    app._after_fork()  # forgets pools and producers, as a child process must
    app.__dict__.pop("amqp", None)  # and the queues it had declared


use_broker(settings.CELERY_BROKER_URL)
app.autodiscover_tasks(force=False)


@signals.beat_init.connect(weak=False)
@signals.worker_ready.connect(weak=False)
def mark_ready(**_: Any) -> None:
    if mark := os.environ.get("READY_FILE"):
        Path(mark).touch()
