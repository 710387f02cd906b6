"""The retained messages: how things are. A program that connects later still gets them."""
