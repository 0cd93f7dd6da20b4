"""Is the runbook, byte for byte, the version that the window pins and that was approved, and, kept in Git, still what lies there?

Git is known as the last pull found it: a pull that is old, or failed, proves nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from windows.execution.checking import Answered, Candidate, failed, passed, unknown
from windows.runbooks.models import RunbookVersion, SourceFile
from windows.runbooks.queries import file_of

STALE = timedelta(minutes=15)


def check(candidate: Candidate) -> Answered:
    pinned, copied = candidate.window.runbook_version, candidate.run.runbook_version
    if pinned is None and copied is None:
        return passed("A manual window: no runbook.")
    if pinned is None or copied is None or pinned.pk != copied.pk:
        return failed("The window pins another runbook version than the one this run was made from.")
    digest = hashlib.sha256(pinned.source.encode()).hexdigest()
    evidence = {"version": pinned.number, "pinned": pinned.digest, "found": digest}
    if digest != pinned.digest:
        return failed(f"The text of version {pinned.number} is not the one whose digest was approved.", **evidence)
    file = file_of(pinned.runbook_id)
    if file is None:
        return passed(f"Version {pinned.number} is unchanged.", **evidence)
    return judge(pinned, file, candidate.now)


def judge(pinned: RunbookVersion, file: SourceFile, now: datetime) -> Answered:
    """The pinned version against its file in Git."""
    source = file.source
    called = f"{file.path} of {source.repository}"
    evidence = {"version": pinned.number, "pinned": pinned.digest, "found": file.digest, "commit": source.commit, "path": file.path}
    if not file.digest:
        return failed(f"{called} is gone since version {pinned.number} was approved.", **evidence)
    if file.digest != pinned.digest:
        return failed(f"{called} has moved on: at {source.commit[:12]} it is not version {pinned.number}, which is pinned.", **evidence)
    if source.trouble:
        return unknown(f"Whether {called} has moved on is not known: {source.trouble}", **evidence)
    if source.pulled_at is None or now - source.pulled_at > STALE:
        return unknown(f"{called} was not pulled in the last 15 minutes.", **evidence)
    return passed(f"Version {pinned.number} is unchanged, and so is {called} at {source.commit[:12]}.", **evidence)
