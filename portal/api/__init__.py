"""The REST API root: routing, authentication by token, idempotency keys, problem+json, OpenAPI."""
