"""Is the runbook, byte for byte, the version that the window pins and that was approved?"""

from __future__ import annotations

import hashlib

from windows.execution.checking import Answered, Candidate, failed, passed


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
    return passed(f"Version {pinned.number} is unchanged.", **evidence)
