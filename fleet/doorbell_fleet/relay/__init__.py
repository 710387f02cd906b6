"""Copies the events of a house, in order, to Kafka or to a stream of Redis or Valkey."""
