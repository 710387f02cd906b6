"""The devices: button, GPIO, camera, video, lamp, phone, speaker and the machine itself.

Each room has a small protocol, real drivers and a simulated one. A room's package offers its public
names: `from devices.camera import Camera, open_camera`.
"""
