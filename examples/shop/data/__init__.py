"""What Roadworks is told about the shop: one noun a file, each with `load()`, which may be called again and changes nothing then.

All through the commands that people use; rows are marked `is_example`. Only the past (history.py) is written as rows, because
no command can act yesterday.
"""
