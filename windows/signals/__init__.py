"""Logs and traces that services send by OTLP: what happened in a window, and close to one, kept as long as the window's own evidence.

Surprising decision: this is no tracing product. What belongs to no window is answered and forgotten at once."""
