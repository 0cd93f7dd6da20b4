"""Starts a job of a pipeline over HTTP, follows it to its end, and cancels it when its run turns back.

The start carries the step's idempotency key. Once the job's name is known it is kept: a later attempt follows it and starts no second,
unless it has failed: then another is started under a key of its own, once it is kept that this may have been done.
Rolling back cancels a job that still runs; what a finished one did is taken back by the job under `reverse`.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints, model_validator

from windows.actions.context import Context
from windows.actions.documents import MISSING, at_path
from windows.actions.outcomes import AwaitHuman, Done, Failed, Outcome, Wait
from windows.actions.params import Duration
from windows.actions.params import Params as Base
from windows.actions.ports import HttpAnswer, PortError

kind = "job"
undone = "cancel it; what a finished one did is taken back by the job under reverse"
interruptible = False  # a hold leaves it running and following it is cheap; only a rollback cuts in, and cancels it
timeout = timedelta(minutes=30)
longest = timedelta(hours=8)
urls = frozenset({"start.url", "reverse.url", "status.url", "cancel.url", "find.url"})
TRY_AGAIN = frozenset({408, 425, 429})
PLACE, KEY = "{job}", "{key}"  # where the job's name, or the start's key, goes in an address
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]", max_length=2000)]
OfJob = Annotated[str, StringConstraints(pattern=r"^https?://[^\s{}]*\{job\}[^\s{}]*$", max_length=2000)]
OfKey = Annotated[str, StringConstraints(pattern=r"^https?://[^\s{}]*\{key\}[^\s{}]*$", max_length=2000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Headers = dict[
    Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")], Annotated[str, StringConstraints(pattern=r"^[^\r\n\x00]*$")]
]


class Start(Base):
    """How a job is begun: `id` is the dotted path of its name in the answer."""

    url: Url
    method: Literal["POST", "PUT"] = "POST"
    document: Any = Field(default=None, alias="json")
    id: Word = "id"


class Status(Base):
    """Where its state stands (`state`: a dotted path), and which words mean that it has ended."""

    url: OfJob
    state: Word = "status"
    succeeded: Annotated[list[Word], Field(min_length=1)] = ["success", "succeeded"]
    failed: Annotated[list[Word], Field(min_length=1)] = ["failed", "error", "canceled", "cancelled", "skipped"]

    @model_validator(mode="after")
    def apart(self) -> Status:
        if both := set(self.succeeded) & set(self.failed):
            raise ValueError(f"{sorted(both)[0]} cannot mean both that it succeeded and that it failed")
        return self


class Cancel(Base):
    url: OfJob
    method: Literal["POST", "DELETE", "PUT"] = "POST"


class Find(Base):
    """Where a job can be looked up by the key of its start; `id` as in Start. 404, or no such path, means that there is none."""

    url: OfKey
    id: Word = "id"


class Params(Base):
    """`reverse` is the job that takes back what a finished one did, or the word nothing where there is nothing to take back."""

    start: Start
    status: Status
    cancel: Cancel
    reverse: Start | Literal["nothing"]
    headers: Headers = {}
    find: Find | None = None
    interval: Duration = timedelta(seconds=5)


def repeatable(params: Params) -> bool:
    """With `find`, a start whose answer was lost is found again by its key. Others say so in the runbook: the pipeline honours the key."""
    return params.find is not None


def sentence(params: Params) -> str:
    return f"Start a job at {params.start.url} and follow it to its end"


def prepare(params: Params, ctx: Context) -> dict[str, Any]:
    """From here on a job may have been asked for, whatever is heard of it."""
    return {"asked": True}


def run(params: Params, ctx: Context) -> Outcome:
    return carried_out(params, params.start, ctx, "job")


def compensate(params: Params, ctx: Context) -> Outcome:
    """Cancel what still runs; then take back what ended. Where a start may have worked and no job is known, a person looks."""
    kept = dict(ctx.checkpoint)
    if not kept.get("job") and kept.get("asked"):
        found = found_by_key(params, ctx, kept)
        if found is None and params.find is None:
            return AwaitHuman(f"A job may have been started with the key {forward(ctx, kept)}: see that it does not run, and say so.")
        kept |= {"job": found} if found else {}
    if kept.get("job") and kept.get("ended") is None:
        found = state_of(params, kept["job"], ctx)
        if not is_end(params, found):
            return cancelled(params, ctx, kept)
        kept["ended"] = found
    if not kept.get("job") and not kept.get("job_earlier"):
        return Done("No job of this step is known.", kept)
    if params.reverse == "nothing":
        told = f"Job {kept['job']} is {kept['ended']}" if kept.get("job") else f"Job {kept['job_earlier'][-1]} had failed"
        return Done(f"{told}; nothing to take back.", kept)
    return carried_out(params, params.reverse, ctx, "reverse_job", kept)


def carried_out(params: Params, start: Start, ctx: Context, slot: str, kept: dict[str, Any] | None = None) -> Outcome:
    """Start it where that was not done, look where it stands, come back later."""
    kept = dict(ctx.checkpoint) if kept is None else kept
    if kept.get(f"{slot}_attempt", ctx.attempt) != ctx.attempt and kept.get(f"{slot}_failed"):
        return another(ctx, slot, kept)
    if slot == "job" and not kept.get("asked"):  # an earlier start was refused: what is heard of this one may be lost
        return Wait(ctx.now(), kept | {"asked": True}, note="it is asked for again")
    if not kept.get(slot):
        answer = (found_by_key(params, ctx, kept) if slot == "job" else None) or begin(start, params, ctx, slot, kept)
        if isinstance(answer, Failed):
            return answer
        kept |= {slot: answer, f"{slot}_attempt": ctx.attempt, f"{slot}_failed": False}
        ctx.log(f"job {answer} is under way")
        return Wait(ctx.now(), kept, note=f"job {answer} is under way")
    try:
        found = state_of(params, kept[slot], ctx)
    except PortError as error:
        if error.permanent:
            raise
        return Wait(ctx.now() + params.interval, kept, note=f"job {kept[slot]}: {error}")  # it goes on without our looking
    if found in params.status.succeeded:
        return Done(f"Job {kept[slot]} is {found}.", kept | ({"ended": found} if slot == "job" else {}))
    if found in params.status.failed:
        ended = {"ended": found} if slot == "job" else {}
        return Failed(f"Job {kept[slot]} is {found}.", checkpoint=kept | ended | {f"{slot}_failed": True})
    return Wait(ctx.now() + params.interval, kept, note=f"job {kept[slot]} is {found}")


def another(ctx: Context, slot: str, kept: dict[str, Any]) -> Wait:
    """The job of an earlier attempt has failed: that one more is asked for is kept before it is."""
    fresh = {slot: None, f"{slot}_failed": False, f"{slot}_earlier": [*kept.get(f"{slot}_earlier", []), kept[slot]]}
    asked = {"asked": True, "ended": None} if slot == "job" else {}
    return Wait(ctx.now(), kept | fresh | asked, note=f"job {kept[slot]} has failed: another is started")


def forward(ctx: Context, kept: dict[str, Any]) -> str:
    """The key the start carried, whichever way the run goes now."""
    return nth(ctx.idempotency_key.replace(":undo", ":forward"), kept, "job")


def nth(key: str, kept: dict[str, Any], slot: str) -> str:
    """The same for every try to start the same job; after one that failed another, or a pipeline would answer with that one."""
    earlier = len(kept.get(f"{slot}_earlier", []))
    return f"{key}.{earlier + 1}" if earlier else key


def found_by_key(params: Params, ctx: Context, kept: dict[str, Any]) -> str | None:
    """The job that was started with our key, where the pipeline can be asked."""
    if params.find is None:
        return None
    answer = ctx.http.request("GET", params.find.url.replace(KEY, quote(forward(ctx, kept), safe="")), headers=params.headers)
    name = found_in(answer, params.find.id) if answer.status == 200 else MISSING
    is_one = isinstance(name, str | int) and name != MISSING and str(name) not in kept.get("job_earlier", [])
    return str(name) if is_one else None


def begin(start: Start, params: Params, ctx: Context, slot: str, kept: dict[str, Any]) -> str | Failed:
    """The new job's name. Only an answer that refuses is sure to have started none."""
    headers, content = dict(params.headers), b""
    if start.document is not None:
        content, headers["Content-Type"] = json.dumps(start.document).encode(), "application/json"
    key = nth(ctx.idempotency_key, kept, slot)
    answer = ctx.http.request(start.method, start.url, headers=headers, content=content, key=key)
    if 300 <= answer.status < 500 and answer.status != 408:
        refused = {"asked": False} if slot == "job" else {}
        return Failed(f"The job was not started: {said(answer)}", checkpoint=refused, permanent=answer.status not in TRY_AGAIN)
    if not 200 <= answer.status < 300:
        return Failed(f"The job was perhaps not started: {said(answer)}")
    name = found_in(answer, start.id)
    if not isinstance(name, str | int) or isinstance(name, bool) or not str(name):
        return Failed(f"The job was started, but its answer has no name at {start.id}: {said(answer)}", permanent=True)
    return str(name)


def state_of(params: Params, job: str, ctx: Context) -> str:
    """What the pipeline says of the job. PortErrors pass through; an answer without a state is no end."""
    answer = ctx.http.request("GET", params.status.url.replace(PLACE, quote(job, safe="")), headers=params.headers)
    found = found_in(answer, params.status.state) if answer.status == 200 else MISSING
    return found if isinstance(found, str) and found != MISSING else f"not known ({said(answer)})"


def cancelled(params: Params, ctx: Context, kept: dict[str, Any]) -> Outcome:
    """Ask once, then look until it has ended: a job that was only asked to end may still be acting."""
    job = kept["job"]
    if not kept.get("cancelled"):
        answer = ctx.http.request(params.cancel.method, params.cancel.url.replace(PLACE, quote(job, safe="")), headers=params.headers)
        if not 200 <= answer.status < 300 and answer.status not in (404, 409, 410):  # those: it has ended meanwhile
            return Failed(f"Job {job} was not cancelled: {said(answer)}", checkpoint=kept)
        kept["cancelled"] = True
    return Wait(ctx.now() + min(params.interval, timedelta(seconds=1)), kept, note=f"job {job} is asked to end")


def is_end(params: Params, state: str) -> bool:
    return state in params.status.succeeded or state in params.status.failed


def found_in(answer: HttpAnswer, path: str) -> Any:
    try:
        return at_path(json.loads(answer.body), path)
    except (ValueError, RecursionError):
        return MISSING


def said(answer: HttpAnswer) -> str:
    return f"{answer.status} {answer.body[:200].decode(errors='replace').strip()}".strip()
