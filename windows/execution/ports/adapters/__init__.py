"""What a window may hold outside, one file each, found by scanning: `observe`, `mend`, `end`, and where it lapses by itself, `keep`."""
