"""Other ways to the same texts, each as its makers show it: cache on, one cell after another."""

from __future__ import annotations

from .contender import Contender, one_after_another
from .plain import Plain
from .repeng_control import RepengControl
from .saelens_bridge import SaeLensBridge

__all__ = ["Contender", "Plain", "RepengControl", "SaeLensBridge", "one_after_another"]
