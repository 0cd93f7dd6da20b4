"""Planning over REST: windows and their drafts, freezes, the calendar, iCal addresses."""
