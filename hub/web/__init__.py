"""doorbell-web: one room a part of the page, and the server that they share."""
