"""What `doorbell setup` asks, one file a subject."""
