"""The connection to the MQTT broker, and the broker that comes with it."""
