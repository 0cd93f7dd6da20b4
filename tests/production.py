"""Production settings that are sound: what a test changes one of."""

SOUND = {
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "roadworks.example.org",
    "DATABASE_URL": "postgresql://app:x@db.example.org/roadworks",
    "BROKER_URL": "amqp://roadworks:x@mq.example.org//",
    "PORTAL_URL": "https://roadworks.example.org",
    "FLAGS_URL": "https://flags.example.org",
}
