"""The broker that `doorbell run` brings with it, for a house without one."""
