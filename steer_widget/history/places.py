"""Where the history lies, and whether that is on another machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import platformdirs

DATA_VARIABLE: Final = "STEER_WIDGET_DATA"
DATABASE: Final = "history.db"
GUARD: Final = "history.lock"
SESSIONS: Final = "sessions"
COMPANIONS: Final = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""

_NETWORK: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "nfs",
        "nfs4", "panfs", "smb3", "smbfs",
    }
)  # fmt: skip


def data_folder() -> Path:
    """The folder of the history: the environment's ``STEER_WIDGET_DATA``, or else the user's data folder."""
    chosen = os.environ.get(DATA_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_data_path("steer_widget")


def is_on_network(folder: Path) -> bool:
    """Whether a folder is shared between machines, so that they have no memory in common."""
    import psutil

    mounts = psutil.disk_partitions(all=True)
    return kind_of_mount(folder.resolve(), ((m.mountpoint, m.fstype) for m in mounts)) in _NETWORK


def kind_of_mount(folder: Path, mounts: Iterable[tuple[str, str]]) -> str:
    """Type of the file system that a folder lies on; empty where no mount point is above it.

    Args:
        folder: full path, links resolved.
        mounts: mount points and types, in the order of mounting: a later one hides an earlier one.
    """
    best, kind = -1, ""
    for point, fstype in mounts:
        depth = len(Path(point).parts)
        if depth >= best and folder.is_relative_to(point):
            best, kind = depth, fstype.lower()
    return kind
