"""The clients of a bus: paho's, how they are made, and how their packets are read and written."""
