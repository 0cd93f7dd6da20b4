"""Why a request stands open once more: an earlier one was signed, and lapsed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from windows.approvals.changes import LABELS


class Signed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def decision(self) -> str: ...


class Asked(Protocol):
    """A request of queries.requests.ApprovalView, as far as it matters here."""

    @property
    def status(self) -> str: ...
    @property
    def signatures(self) -> Sequence[Signed]: ...
    @property
    def lapsed_because(self) -> Sequence[dict[str, Any]]: ...


NOUNS = {"starts_at": "start", "ends_at": "end", "mode": "mode", "slack": "error budget asked for"}  # in the midst of a sentence


def lapse_told(requests: Sequence[Asked]) -> str:
    """A sentence where the newest of a window's requests, the newest first, is open and an earlier one lapsed; else empty.

    Of several that lapsed it tells of the newest that anybody had signed.
    """
    lapsed = [one for one in requests[1:] if one.status == "lapsed"]
    if not lapsed or requests[0].status != "open":
        return ""
    told = next((one for one in lapsed if signers(one)), lapsed[0])
    changed = list(dict.fromkeys(f"the {noun(str(one['field']))}" for one in told.lapsed_because))
    why = f" because {together(changed)} changed" if changed else ""
    return f"{together(signers(told))} had signed a request that lapsed{why}." if signers(told) else f"An earlier request lapsed{why}."


def signers(request: Asked) -> list[str]:
    return list(dict.fromkeys(one.name for one in request.signatures if one.decision == "approved"))


def noun(field: str) -> str:
    name = field.removeprefix("parameters.")
    return NOUNS.get(field) or (name if name != field else LABELS.get(field, field).lower()).replace("_", " ")


def together(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), *words[-1:]] if len(words) > 1 else words)
