"""One file per action kind; the folder is scanned, nothing is listed."""
