"""The addresses of reviews."""

from django.urls import path

from windows.reviews.api.checklists import Checklists, TickItem
from windows.reviews.api.closing import BrokenGlass, ReviewTasks, SignTask
from windows.reviews.api.cost import WindowCost
from windows.reviews.api.follow_ups import DropFollowUp, FinishFollowUp, FollowUps, OneFollowUp
from windows.reviews.api.measures import Measures, OneMeasure
from windows.reviews.api.periods import MonthlyReview, WeeklyReview
from windows.reviews.api.postmortems import OnePostmortem, PublishPostmortem
from windows.reviews.views.closing import sign_page
from windows.reviews.views.follow_ups import done_page, drop_page, follow_up_list, new_follow_up
from windows.reviews.views.periods import first_review, monthly_review, weekly_review
from windows.reviews.views.postmortems import (
    draft_page,
    edit_postmortem_page,
    postmortem_list,
    postmortem_markdown,
    postmortem_page,
    publish_page,
)
from windows.reviews.views.ticks import tick_page, untick_page

api = [
    path("measures", Measures.as_view()),
    path("measures/<slug:measure_id>", OneMeasure.as_view()),
    path("windows/<str:reference>/postmortem", OnePostmortem.as_view()),
    path("windows/<str:reference>/postmortem/publish", PublishPostmortem.as_view()),
    path("windows/<str:reference>/checklists", Checklists.as_view()),
    path("windows/<str:reference>/review-tasks", ReviewTasks.as_view()),
    path("windows/<str:reference>/review-tasks/<slug:key>/sign-off", SignTask.as_view()),
    path("windows/<str:reference>/cost", WindowCost.as_view()),
    path("windows/<str:reference>/checklists/<slug:key>/tick", TickItem.as_view()),
    path("broken-glass", BrokenGlass.as_view()),
    path("reviews/weekly", WeeklyReview.as_view()),
    path("reviews/monthly", MonthlyReview.as_view()),
    path("follow-ups", FollowUps.as_view()),
    path("follow-ups/<int:follow_up_id>", OneFollowUp.as_view()),
    path("follow-ups/<int:follow_up_id>/done", FinishFollowUp.as_view()),
    path("follow-ups/<int:follow_up_id>/drop", DropFollowUp.as_view()),
]
pages = [
    path("reviews/", first_review, name="reviews"),
    path("reviews/weekly/", weekly_review, name="weekly-review"),
    path("reviews/monthly/", monthly_review, name="monthly-review"),
    path("reviews/postmortems/", postmortem_list, name="postmortems"),
    path("windows/<str:reference>/postmortem", postmortem_page, name="postmortem"),
    path("windows/<str:reference>/postmortem/draft", draft_page, name="draft-postmortem"),
    path("windows/<str:reference>/postmortem/edit", edit_postmortem_page, name="edit-postmortem"),
    path("windows/<str:reference>/postmortem/publish", publish_page, name="publish-postmortem"),
    path("windows/<str:reference>/postmortem.md", postmortem_markdown, name="postmortem-markdown"),
    path("windows/<str:reference>/review-tasks/<slug:key>", sign_page, name="sign-review-task"),
    path("windows/<str:reference>/checklists/<slug:key>/tick", tick_page, name="tick"),
    path("windows/<str:reference>/checklists/<slug:key>/untick", untick_page, name="untick"),
    path("windows/<str:reference>/follow-ups/new", new_follow_up, name="new-follow-up"),
    path("follow-ups/", follow_up_list, name="follow-ups"),
    path("follow-ups/<int:follow_up_id>/done", done_page, name="finish-follow-up"),
    path("follow-ups/<int:follow_up_id>/drop", drop_page, name="drop-follow-up"),
]
