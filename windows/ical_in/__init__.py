"""Reading other people's calendars and maintenance notices: bytes in, plain values out. Pure; knows no Django and no database.

Surprising decision: it is only ever run in a child process (`child`) with limits of memory and time, because no iCalendar library
is bounded in either."""
