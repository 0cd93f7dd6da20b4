"""Approvals over REST: asking, deciding, editing what may make an approval lapse, the inbox, policies."""
