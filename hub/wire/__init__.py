"""Every message on the wire, and the topic that it has."""
