"""What the hub does beside the button; none of them knows another."""
