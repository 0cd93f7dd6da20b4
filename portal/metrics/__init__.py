"""What Prometheus learns from us. Gauges are read from the database when asked, so that every web process says the same."""
