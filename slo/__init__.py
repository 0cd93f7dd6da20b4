"""The measuring engine: objectives, telemetry, error budgets, burn rates. Stands alone: a service is a slug, a window a label."""
