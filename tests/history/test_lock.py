"""What must not hold history back where the system has no `fcntl`."""

from __future__ import annotations

import subprocess
import sys

LIKE_WINDOWS = """
import sys
sys.modules["fcntl"] = None
sys.modules["msvcrt"] = type(sys)("msvcrt")
sys.platform = "win32"
import steer_widget.history.lock, steer_widget.leash
"""


def test_it_can_be_imported_without_fcntl() -> None:
    ended = subprocess.run([sys.executable, "-c", LIKE_WINDOWS], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
