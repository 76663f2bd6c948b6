"""Every run, cell by cell, in an SQLite database in the user's data folder.

controller ─► Recorder (own thread) ─► Database ◄─ History ─► Entry ─► RunResult
                  └─ Session: a locked file that says the kernel lives

Any number of kernels write to one folder. Where the disk does not let them, runs go on in memory.
"""

from __future__ import annotations

from .entry import Entry
from .history import History
from .preview import Preview
from .recorder import Recorder
from .removal import Removed
from .row import HistoryState

__all__ = ["Entry", "History", "HistoryState", "Preview", "Recorder", "Removed"]
