"""Alertmanager's silences, API v2 (INTEROP §4), over the guarded http port. Only the address of the settings is reached."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from windows.actions.ports import HttpAnswer, NotAllowed, Rejected, Unreachable
from windows.execution.ports.http import Http
from windows.execution.ports.limits import Limits

PARTS = ("name", "value", "isRegex", "isEqual")


class Alertmanager:
    """`url` may have a path of its own (`--web.route-prefix`)."""

    def __init__(self, url: str, limits: Limits) -> None:
        if not url:
            raise NotAllowed("There is no Alertmanager: set ALERTMANAGER_URL.")
        self.url = url.rstrip("/")
        self.http = Http(limits, {"User-Agent": "Roadworks", "Content-Type": "application/json"}, [urlsplit(url).hostname or ""])

    def silence(self, name: str) -> dict[str, Any] | None:
        """None where it is not known: garbage collected, or of another Alertmanager."""
        answer = self.ask("GET", f"/silence/{quote(name, safe='')}", fine=(200, 404))
        found = self.read(answer) if answer.status == 200 else None
        return found if isinstance(found, dict) else None

    def marked(self, ending: str, matcher: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The living silences whose comment ends so. `matcher` narrows what is asked for."""
        scope = quote(f'{matcher["name"]}="{matcher["value"]}"', safe="")
        found = self.read(self.ask("GET", f"/silences?filter={scope}"))
        return [each for each in found if each["status"]["state"] != "expired" and str(each.get("comment", "")).endswith(ending)]

    def place(self, matchers: Sequence[Mapping[str, Any]], *, since: datetime, until: datetime, comment: str, name: str = "") -> str:
        """Place it, or prolong the one of that name. Its name: a new one where the old one has ended or was changed."""
        old = self.silence(name) if name else None
        body = {
            "matchers": [{part: each[part] for part in PARTS} for each in matchers],
            # another start would be another silence
            "startsAt": old["startsAt"] if old and old["status"]["state"] == "active" else written(since),
            "endsAt": written(until), "createdBy": "Roadworks", "comment": comment,
        }  # fmt: skip
        if old:
            body["id"] = name
        return str(self.read(self.ask("POST", "/silences", json.dumps(body).encode()))["silenceID"])

    def expire(self, name: str) -> None:
        self.ask("DELETE", f"/silence/{quote(name, safe='')}", fine=(200, 404, 500))  # 500: it had expired already

    def ask(self, method: str, path: str, content: bytes = b"", fine: Sequence[int] = (200,)) -> HttpAnswer:
        answer = self.http.request(method, f"{self.url}/api/v2{path}", content=content)
        if answer.status in fine:
            return answer
        said = f"Alertmanager answered {answer.status}: {answer.body[:200].decode(errors='replace').strip()}"
        raise Rejected(said) if 400 <= answer.status < 500 else Unreachable(said)

    def read(self, answer: HttpAnswer) -> Any:
        try:
            return json.loads(answer.body)
        except ValueError:
            raise Unreachable("Alertmanager's answer is no JSON.")


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
