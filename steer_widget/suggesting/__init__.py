"""Which features to steer by, from a wish in words or from examples.

wish ─► candidates ─► suggesting ─► suggestions
             effects ─┘  sureness ─┘
"""

from __future__ import annotations

from .asked import Asked
from .suggesting import Suggesting
from .suggestions import Fluency, Suggestion, Suggestions

__all__ = ["Asked", "Fluency", "Suggesting", "Suggestion", "Suggestions"]
