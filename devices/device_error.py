"""The error of every device that says in words what is wrong."""


class DeviceError(Exception):
    """A device cannot do it now, or is set wrongly. The text says where, what, and what to do.

    A handler's process logs it in one line: a traceback would tell a person no more.
    """
