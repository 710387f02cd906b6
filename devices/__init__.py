"""The things on the wall and in the room: each a small Protocol, the real one and a simulated one."""
