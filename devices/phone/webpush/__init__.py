"""Web push: a notification for the browser of a phone, without anybody's app."""
