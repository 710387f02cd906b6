"""MQTT discovery: what Home Assistant is told of the hub, its doors and their entities."""
