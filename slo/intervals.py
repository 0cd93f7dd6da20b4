"""Half-open time intervals [start, end) with zone-aware ends. Pure."""
