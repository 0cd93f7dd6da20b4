"""Every occurrence of a feed as libical sees it, then how many errors it finds: FEED FROM TO → JSON lines [begin, end, title].

For Debian's own python3, with gir1.2-ical-3.0.
"""

import json
import sys
from pathlib import Path

import gi

gi.require_version("ICalGLib", "3.0")
from gi.repository import ICalGLib  # noqa: E402

RECURRING = (ICalGLib.PropertyKind.RRULE_PROPERTY, ICalGLib.PropertyKind.RDATE_PROPERTY)
calendar = ICalGLib.Component.new_from_string(Path(sys.argv[1]).read_bytes().decode())
ICalGLib.restriction_check(calendar)
utc = ICalGLib.Timezone.get_utc_timezone()
since, until = (ICalGLib.Time.new_from_string(moment) for moment in sys.argv[2:4])


def events():
    event = calendar.get_first_component(ICalGLib.ComponentKind.VEVENT_COMPONENT)
    while event is not None:
        yield event
        event = calendar.get_next_component(ICalGLib.ComponentKind.VEVENT_COMPONENT)


def moment(time):
    return time.convert_to_zone(utc).as_ical_string()


def named(event):
    """RECURRENCE-ID in UTC; libical leaves its zone to the caller."""
    parameter = event.get_first_property(ICalGLib.PropertyKind.RECURRENCEID_PROPERTY).get_first_parameter(
        ICalGLib.ParameterKind.TZID_PARAMETER
    )
    time = event.get_recurrenceid()
    if parameter is not None:
        time.set_timezone(calendar.get_timezone(parameter.get_tzid()))
    return moment(time)


def recurrences(event):
    spans = []
    event.foreach_recurrence(since, until, lambda component, span, *_: spans.append((span.get_start(), span.get_end())))
    return [tuple(ICalGLib.Time.new_from_timet_with_zone(at, 0, utc).as_ical_string() for at in span) for span in spans]


found = list(events())
exceptions = {(event.get_uid(), named(event)) for event in found if not event.get_recurrenceid().is_null_time()}
for event in found:
    if any(event.get_first_property(kind) for kind in RECURRING):
        for begins, ends in recurrences(event):
            if (event.get_uid(), begins) not in exceptions:
                print(json.dumps([begins, ends, event.get_summary()]))
    else:
        print(json.dumps([moment(event.get_dtstart()), moment(event.get_dtend()), event.get_summary()]))
print(json.dumps(calendar.count_errors()))
