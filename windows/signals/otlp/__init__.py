"""OTLP as it comes over HTTP, turned into plain records: reading (bytes to messages), values, records (spans and log lines), points
(metrics), answers. Pure."""
