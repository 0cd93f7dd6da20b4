"""Decision guides that a person reads: Markdown with its triggers, in versions that never change.

Words: a *playbook* is a decision guide; a *trigger* says when to open it: an alert by its name, or a situation in words. Runbooks name
playbooks in their YAML; alerts find them by their triggers. Surprising decision: it stands low, below alerts, so that a page can carry
the link to its guide.
"""
