"""Vectors of your own as files: one as safetensors, one for each layer as a GGUF control vector.

one, layers ─► files
   └─────────► gguf_tensors
What is in a file is read with distrust: bounded, checked, never executed.
"""

from __future__ import annotations

from .layers import load_vectors, save_vectors
from .one import load_vector, save_vector

__all__ = ["load_vector", "load_vectors", "save_vector", "save_vectors"]
