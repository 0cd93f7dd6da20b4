"""What each verb is called on pages, and what it allows in a few words. Pure; one for every verb of the table."""

from __future__ import annotations

from collections.abc import Mapping

from windows.access.roles import Verb

VERBS: Mapping[Verb, tuple[str, str]] = {
    Verb.READ: ("Read", "every page, list and feed that you may see"),
    Verb.DRAFT: ("Plan windows", "create, change, move, withdraw and cancel those of your teams"),
    Verb.REQUEST: ("Request approval", "of a window that is planned"),
    Verb.COMMENT: ("Comment", "ask, answer and remark on a window"),
    Verb.APPROVE: ("Approve and reject", "where a policy wants your signature"),
    Verb.START: ("Start a window", "that is approved, and a rehearsal"),
    Verb.HOLD: ("Hold a run", "it stops at the next step"),
    Verb.ROLL_BACK: ("Roll back a run", "every touched step is undone, in reverse"),
    Verb.RESUME: ("Resume a run", "that is held"),
    Verb.EXTEND: ("Extend a window", "that is running and needs longer"),
    Verb.SKIP: ("Skip a step", "with a reason; the run goes on without it"),
    Verb.RETRY: ("Retry a step", "that failed, or whose rollback did"),
    Verb.CONFIRM: ("Confirm a step", "that a person does by hand"),
    Verb.ATTEST: ("Settle a doubt", "say what became of a step whose worker died"),
    Verb.ABORT: ("Abort a run", "leave it as it is, without rolling back; it takes two"),
    Verb.START_EMERGENCY: ("Start an emergency", "without waiting for signatures; they are asked for afterwards"),
    Verb.APPROVE_EMERGENCY: ("Approve an emergency", "sign afterwards what was started without signatures"),
    Verb.SET_FLAG: ("Set a flag", "by hand, and clear it"),
    Verb.MEASURE: ("Push measurements", "gates and error budgets are judged by them"),
    Verb.SEND_ALERTS: ("Send alerts", "of every service, as an Alertmanager does"),
    Verb.REPORT: ("Report", "incidents and complaints, and which windows they belong to"),
    Verb.REVIEW: ("Review", "write and publish postmortems, note follow-ups"),
    Verb.ANNOUNCE: ("Announce windows", "on the public status page, say more there, withdraw"),
    Verb.OVERRIDE: ("Override", "a soft conflict, a budget that is too low, telemetry without its tag; with a reason"),
    Verb.EDIT_CATALOGUE: ("Edit the catalogue", "services, places, dependencies, nodes"),
    Verb.EDIT_TEAM: ("Edit a team", "who belongs to it, and as what"),
    Verb.EDIT_CHANNELS: ("Edit channels", "how a team is told; send again what did not arrive"),
    Verb.EDIT_PEOPLE: ("Edit accounts", "create, close and open them"),
    Verb.EDIT_RUNBOOK: ("Edit runbooks", "upload a version, link a repository"),
    Verb.EDIT_OBJECTIVE: ("Edit objectives", "what a service promises, and from where it is measured"),
    Verb.EDIT_FREEZE: ("Edit freezes", "announce and end them, and make exceptions"),
    Verb.EDIT_CALENDARS: ("Edit calendars in", "other people’s calendars and notices, and what they reach"),
    Verb.EDIT_TEMPLATE: ("Edit standard changes", "what a team may do without asking"),
    Verb.EDIT_POLICY: ("Edit approval policies", "who must sign what"),
    Verb.READ_AUDIT: ("Read the audit trail", "of every team, and take it away as a file"),
}
