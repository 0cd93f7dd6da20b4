"""What the public is told of maintenance: components by their public names, announcements of windows, and their updates.

Nothing reaches the public page but what somebody wrote for it here: neither a window's own title nor a service's.
"""
