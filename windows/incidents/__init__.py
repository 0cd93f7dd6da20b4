"""What went wrong, and who complained: incidents and complaints, linked to windows by tag, time and scope, each link with its reason.

Surprising decision: a link is judged when something is reported and written down; a person may add one or take one away, never silently."""
