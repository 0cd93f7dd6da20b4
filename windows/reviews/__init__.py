"""What became of windows: the measures M1–M10 with the windows behind each, postmortems, follow-ups, and the reviews of weeks and months.

Words: a *measure* is a definition with a target; what a run *counts* for it is a part and a whole; *unknown* is a value, never zero. A
*postmortem* is one per window: a draft from the record, and what people say. A *follow-up* is what somebody will do because of a window.
Surprising decision: a measure is stored nowhere and counted each time it is asked for, while the draft of a postmortem is kept as it was
found: it outlives the telemetry that it rests on.
"""
