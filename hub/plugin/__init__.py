"""What a handler file is: decorator, settings, API, policy and loader."""
