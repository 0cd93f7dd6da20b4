"""What was said about windows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Lower

from windows.access.roles import Actor, Verb, permitted
from windows.approvals.mentions import Named, handles, mentioned
from windows.approvals.models import Comment, Kind
from windows.catalogue.models import Person
from windows.scheduling.queries import WindowView

SHOWN = 200  # a longer talk belongs elsewhere; the newest are shown


@dataclass(frozen=True, slots=True)
class CommentView:
    id: int
    kind: str
    author: str
    at: datetime
    text: str
    answers: int | None
    is_open: bool  # a question that nobody has answered


def comments_of(window_id: int) -> list[CommentView]:
    """The oldest first, an answer right behind its question. One statement."""
    answered = Comment.objects.filter(answers=OuterRef("pk"))
    newest = Comment.objects.filter(window=window_id).annotate(done=Exists(answered)).select_related("author").order_by("-id")[:SHOWN]
    rows = sorted(newest, key=lambda row: (row.answers_id or row.pk, row.pk))
    return [
        CommentView(row.pk, row.kind, row.author.name, row.at, row.text, row.answers_id, row.kind == Kind.QUESTION and not row.done)
        for row in rows
    ]


def open_questions(window_ids: Collection[int]) -> dict[int, int]:
    """How many questions of each window nobody has answered; windows without one are left out."""
    rows = Comment.objects.filter(window__in=window_ids, kind=Kind.QUESTION.value, answered_by__isnull=True)
    return dict(rows.values_list("window").annotate(times=Count("pk")))


def panel_of(view: WindowView, viewer: Actor) -> dict[str, Any]:
    """What the panel shows; the viewer may see the window."""
    rows = comments_of(view.id)
    return {
        "window": view,
        "comments": rows,
        "open": sum(row.is_open for row in rows),
        "may_comment": permitted(viewer, Verb.COMMENT, view.subject),
    }


def meant_by(text: str) -> list[Named]:
    """The people that a text means by @name. One statement, none where nobody is named."""
    said = handles(text)
    if not said:
        return []
    handle = Lower(Func(F("email"), Value("@"), Value(1), function="split_part", output_field=CharField()))
    first = Lower(Func(F("name"), Value(" "), Value(1), function="split_part", output_field=CharField()))
    rows = Person.objects.filter(is_active=True).annotate(handle=handle, first=first).filter(Q(handle__in=said) | Q(first__in=said))
    return mentioned(text, [Named(*row) for row in rows.order_by("pk").values_list("pk", "name", "email")[:SHOWN]])
