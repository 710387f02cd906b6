"""The AsyncAPI document: `python -m hub.wire.asyncapi > hub/asyncapi.yaml`."""
