"""The peer of run_steps.py: a Celery chain of no-op tasks that note when they began. Nothing is recorded, nothing survives."""

import os
import time
from urllib.parse import unquote

import redis
from celery import Celery

app = Celery("peer", broker=os.environ["BROKER_URL"], set_as_current=False)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_default_queue="peer",
    broker_connection_retry_on_startup=True,
)
notes = redis.Redis(unix_socket_path=unquote(os.environ["BROKER_URL"].removeprefix("redis+socket://")))


@app.task(name="peer.step")
def step(run: str, number: int) -> None:
    notes.rpush(run, f"{number} {time.time():.6f}")


if __name__ == "__main__":
    worker = app.Worker(
        hostname="peer@%h", queues=["peer"], concurrency=1, pool_cls="prefork", loglevel="ERROR", without_gossip=True, without_mingle=True,
        without_heartbeat=True, quiet=True,
    )  # fmt: skip
    worker.start()
