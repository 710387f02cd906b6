"""The AsyncAPI document, for developers: `python -m hub.wire.asyncapi > hub/asyncapi.yaml`. No process imports it."""
