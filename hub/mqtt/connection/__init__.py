"""One connection to the broker: how it is made, as whom, and why there is none."""
