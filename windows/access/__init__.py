"""Actor, roles, the role table and require(): who may do what, in one place."""
