"""Windows, scopes, reservations, freezes, conflicts, the calendar and its iCal feeds.

Surprising decision: the reserved range is a column of its own, apart from the planned period; the database refuses overlaps."""
