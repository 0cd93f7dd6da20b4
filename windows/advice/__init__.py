"""Decision support, always beside a person: it advises with its reasons, and people decide.

Surprising decision: the answers to the decision aid are not kept. They help who plans; what binds is what approvers sign."""
