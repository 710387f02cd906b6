"""Web push: the page as an app on the phone, its notifications, and who gets them."""
