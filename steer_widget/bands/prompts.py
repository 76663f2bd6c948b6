"""Behind which prompts strengths are measured and features tried unless others are given."""

from __future__ import annotations

from typing import Final

EVERYDAY_PROMPTS: Final[tuple[str, ...]] = (
    "Yesterday I went for a walk and",
    "I think that",
    "She opened the door and",
    "The most important thing about",
)
"""Beginnings of everyday texts, open to any topic."""
