"""What a user chooses in the tests of the widget: a feature, and all that a run needs."""

from __future__ import annotations

import steer_widget as sw
from steer_widget.widget import SteerWidget

F = sw.Feature(3, "three")
F_JSON = {
    "feature": {"kind": "feature", "index": 3, "label": "three", "sae": ""},
    "strength": 4,
    "unit": None,
    "method": None,
    "positions": None,
    "skip_special": None,
    "schedule": None,
}


def choose(widget: SteerWidget) -> None:
    widget.prompts, widget.selection = "I went", [F.at(4)]
    widget.generation = sw.Generation(max_new_tokens=4)
