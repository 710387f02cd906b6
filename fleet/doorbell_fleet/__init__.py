"""Many houses together: the relay to Kafka, and handler files as members of a consumer group."""
