"""The AsyncAPI document: `python -m hub.wire.asyncapi > hub/asyncapi.yaml`.

It is for developers; no process imports it.
"""
