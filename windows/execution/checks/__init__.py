"""Preflight checks, one file each, found by scanning: `check(candidate) -> Answered`. What a check cannot know is inconclusive."""
