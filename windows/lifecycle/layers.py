"""The ten layers that maintenance happens on (SPEC §21), each with the name people say."""

LAYER_NAMES = {
    "L1": "Edge, CDN",
    "L2": "Network",
    "L3": "Service",
    "L4": "Application",
    "L5": "Data",
    "L6": "Platform",
    "L7": "CI/CD",
    "L8": "Observability",
    "L9": "Security",
    "L10": "Serverless, PaaS",
}
