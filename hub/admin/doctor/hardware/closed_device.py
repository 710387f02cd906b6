"""The finding for a device that the present user may not use."""

import getpass
import grp
import os
from pathlib import Path

from devices.machine import Finding
from hub.admin.doctor.context import Context


def closed_device(context: Context, words: str, device: Path, usual_group: str) -> Finding:
    """How to get access to it. The units have their own, so a guest's is skipped.

    Args:
        context: What is checked.
        words: What is found.
        device: The device.
        usual_group: The group that such devices belong to.
    """
    if context.is_guest:
        return Finding("skipped", words, "sudo doorbell doctor")
    group = _group_to_join(device) or usual_group
    return Finding("problem", words, f"sudo adduser {getpass.getuser()} {group}, and log in again")


def _group_to_join(device: Path) -> str | None:
    """The device's group, unless it is root's or one that the user is in already."""
    try:
        number = device.stat().st_gid
        name = grp.getgrgid(number).gr_name
    except (OSError, KeyError):
        return None
    return None if number in (0, os.getegid(), *os.getgroups()) else name
