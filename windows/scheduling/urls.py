"""Planning's addresses."""

from django.urls import path

from windows.scheduling.api.adjustments import Adjustments, AdjustmentsTable, WindowAccount
from windows.scheduling.api.budgets import OneWindowBudget, TooMany, WindowBudgets
from windows.scheduling.api.calendar import CalendarView, Feeds, OneFeed
from windows.scheduling.api.change_calendars import ChangeCalendars, OneChangeCalendar
from windows.scheduling.api.external import Arrivals, Complete, Objects, OneObject, OneSource, Settle, Sources, Waiting
from windows.scheduling.api.freezes import Exceptions, Freezes, Lift, OneException
from windows.scheduling.api.limits import Limits, OneLimit
from windows.scheduling.api.many import Copy, Table
from windows.scheduling.api.moves import DeclineMove, MoveRequests
from windows.scheduling.api.oracle import CalendarState, ChangeOracle, ClosedTimes, InMaintenance
from windows.scheduling.api.overrides import AgreeToOverride, Overrides, RefuseToOverride
from windows.scheduling.api.series import Occurrences, OneSeries, Repeat, SeriesRows, SkipFollowing
from windows.scheduling.api.slots import Slots, WindowSlots
from windows.scheduling.api.templates import ChangeTemplates, OneChangeTemplate, Plan, Retire
from windows.scheduling.api.trail import Trail, WindowTrail
from windows.scheduling.api.webhooks import OneWebhookSecret, Webhook, WebhookSecrets
from windows.scheduling.api.windows import Cancel, Windows
from windows.scheduling.views.asking import decline, please_move
from windows.scheduling.views.calendars_in import bring, calendars, end_object, end_source, new_object, new_source
from windows.scheduling.views.change_calendars import (
    change_calendar_page,
    change_calendars_page,
    end_change_calendar,
    new_change_calendar,
)
from windows.scheduling.views.feed_settings import end_feed, feed_list
from windows.scheduling.views.feeds import event_file, feed
from windows.scheduling.views.filing import cancel, discard
from windows.scheduling.views.freezes import end_exception, end_freeze, except_from, freeze_landing, freeze_list, freeze_page, new_freeze
from windows.scheduling.views.many import copy, upload
from windows.scheduling.views.moving import move_draft, move_meaning
from windows.scheduling.views.notices import notice, set_aside
from windows.scheduling.views.overriding import agree_override, override, refuse_override
from windows.scheduling.views.series import repeat, repeat_preview, series_page, skip_all_following
from windows.scheduling.views.templates import new_template, plan_one, retire_one, template_list
from windows.scheduling.views.webhooks import end_webhook, webhook_page
from windows.scheduling.views.windows import window_list

api = [
    path("windows", Windows.as_view()),
    path("windows/<str:reference>/cancel", Cancel.as_view()),
    path("windows/<str:reference>/trail", WindowTrail.as_view()),
    path("windows/<str:reference>/account", WindowAccount.as_view()),
    path("adjustments", Adjustments.as_view()),
    path("adjustments.csv", AdjustmentsTable.as_view()),
    path("windows/<str:reference>/repeat", Repeat.as_view()),
    path("windows/<str:reference>/following/skip", SkipFollowing.as_view()),
    path("windows/<str:reference>/slots", WindowSlots.as_view()),
    path("windows/<str:reference>/copy", Copy.as_view()),
    path("windows-from-csv", Table.as_view()),
    path("change-templates", ChangeTemplates.as_view()),
    path("change-templates/<int:template_id>", OneChangeTemplate.as_view()),
    path("change-templates/<int:template_id>/retire", Retire.as_view()),
    path("change-templates/<int:template_id>/plan", Plan.as_view()),
    path("window-budgets", WindowBudgets.as_view()),
    path("window-budgets/<int:budget_id>", OneWindowBudget.as_view()),
    path("too-many-windows", TooMany.as_view()),
    path("slots", Slots.as_view()),
    path("series", SeriesRows.as_view()),
    path("series/<int:series_id>", OneSeries.as_view()),
    path("series/<int:series_id>/occurrences", Occurrences.as_view()),
    path("windows/<str:reference>/move-requests", MoveRequests.as_view()),
    path("move-requests/<int:request_id>/decline", DeclineMove.as_view()),
    path("windows/<str:reference>/overrides", Overrides.as_view()),
    path("overrides/<int:override_id>/agree", AgreeToOverride.as_view()),
    path("overrides/<int:override_id>/refuse", RefuseToOverride.as_view()),
    path("change-calendars", ChangeCalendars.as_view()),
    path("change-calendars/<slug:slug>", OneChangeCalendar.as_view()),
    path("change-oracle", ChangeOracle.as_view()),
    path("change-oracle/state", CalendarState.as_view()),
    path("change-oracle/calendar", ClosedTimes.as_view()),
    path("services/<slug:slug>/maintenance", InMaintenance.as_view()),
    path("freezes", Freezes.as_view()),
    path("freezes/<int:freeze_id>/lift", Lift.as_view()),
    path("freezes/<int:freeze_id>/exceptions", Exceptions.as_view()),
    path("freezes/<int:freeze_id>/exceptions/<int:exception_id>", OneException.as_view()),
    path("concurrency-limits", Limits.as_view()),
    path("concurrency-limits/<int:limit_id>", OneLimit.as_view()),
    path("audit", Trail.as_view()),
    path("calendar", CalendarView.as_view()),
    path("external-windows", Arrivals.as_view()),
    path("calendars-in", Sources.as_view()),
    path("calendars-in/<int:source_id>", OneSource.as_view()),
    path("calendars-in/<int:source_id>/webhook", Webhook.as_view()),
    path("calendars-in/<int:source_id>/secrets", WebhookSecrets.as_view()),
    path("calendars-in/<int:source_id>/secrets/<int:secret_id>", OneWebhookSecret.as_view()),
    path("provider-objects", Objects.as_view()),
    path("provider-objects/<int:object_id>", OneObject.as_view()),
    path("notices", Waiting.as_view()),
    path("notices/<int:notice_id>/complete", Complete.as_view()),
    path("notices/<int:notice_id>/settle", Settle.as_view()),
    path("feeds", Feeds.as_view()),
    path("feeds/<int:feed_id>", OneFeed.as_view()),
]

pages = [
    path("windows/<str:reference>/override", override, name="override"),
    path("windows/<str:reference>/override/agree", agree_override, name="agree-override"),
    path("windows/<str:reference>/override/refuse", refuse_override, name="refuse-override"),
    path("windows/<str:reference>/please-move/<str:rival>", please_move, name="please-move"),
    path("windows/<str:reference>/asked-to-move/<int:request_id>/decline", decline, name="decline-move"),
    path("settings/freezes/", freeze_list, name="freezes"),
    path("settings/freezes/new", new_freeze, name="new-freeze"),
    path("settings/freezes/landing", freeze_landing, name="freeze-landing"),
    path("settings/freezes/<int:freeze_id>", freeze_page, name="freeze"),
    path("settings/freezes/<int:freeze_id>/except", except_from, name="except-from-freeze"),
    path("settings/freezes/<int:freeze_id>/exceptions/<int:exception_id>/end", end_exception, name="end-exception"),
    path("settings/freezes/<int:freeze_id>/end", end_freeze, name="end-freeze"),
    path("settings/calendars-in/", calendars, name="calendars-in"),
    path("settings/calendars-in/new", new_source, name="new-calendar-in"),
    path("settings/calendars-in/<int:source_id>/remove", end_source, name="remove-calendar-in"),
    path("settings/calendars-in/<int:source_id>/webhook", webhook_page, name="webhook-in"),
    path("settings/calendars-in/<int:source_id>/webhook/<int:secret_id>/end", end_webhook, name="end-webhook-secret"),
    path("settings/calendars-in/file", bring, name="bring-in"),
    path("settings/calendars-in/objects/new", new_object, name="new-object"),
    path("settings/calendars-in/objects/<int:object_id>/remove", end_object, name="remove-object"),
    path("settings/calendars-in/notices/<int:notice_id>", notice, name="notice"),
    path("settings/change-calendars/", change_calendars_page, name="change-calendars"),
    path("settings/change-calendars/new", new_change_calendar, name="new-change-calendar"),
    path("settings/change-calendars/<slug:slug>/", change_calendar_page, name="change-calendar"),
    path("settings/change-calendars/<slug:slug>/remove", end_change_calendar, name="remove-change-calendar"),
    path("settings/calendars-in/notices/<int:notice_id>/set-aside", set_aside, name="set-aside"),
    path("settings/feeds/", feed_list, name="feeds"),
    path("settings/feeds/<int:feed_id>/revoke", end_feed, name="revoke-feed"),
    path("feeds/<str:token>.ics", feed, name="feed"),
    path("windows/<str:reference>/event.ics", event_file, name="event-file"),
    path("windows/", window_list, name="windows"),
    path("windows/series/<int:series_id>", series_page, name="series"),
    path("windows/from-csv", upload, name="from-csv"),
    path("windows/standard/", template_list, name="change-templates"),
    path("windows/standard/new", new_template, name="new-change-template"),
    path("windows/<str:reference>/standard", new_template, name="standard-from-window"),
    path("windows/standard/<int:template_id>/plan", plan_one, name="plan-change-template"),
    path("windows/standard/<int:template_id>/retire", retire_one, name="retire-change-template"),
    path("windows/<str:reference>/copy", copy, name="copy-window"),
    path("windows/<str:reference>/repeat", repeat, name="repeat"),
    path("windows/<str:reference>/repeat/preview", repeat_preview, name="repeat-preview"),
    path("windows/<str:reference>/following/skip", skip_all_following, name="skip-following"),
    path("windows/<str:reference>/move", move_draft, name="move-window"),
    path("windows/<str:reference>/move/meaning", move_meaning, name="move-meaning"),
    path("windows/<str:reference>/cancel", cancel, name="cancel-window"),
    path("windows/<str:reference>/discard", discard, name="discard-draft"),
]
