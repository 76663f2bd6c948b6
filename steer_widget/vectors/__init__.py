"""Vectors of your own as files: one as safetensors, one for each layer as a GGUF control vector.

one, layers ─► files
   └─────────► gguf_tensors
What is in a file is read with distrust: bounded, checked, never executed.
"""

from __future__ import annotations

from .layers import check_layers, decode_vectors, encode_vectors, hook_name_of, load_vectors, save_vectors
from .one import decode_vector, encode_vector, load_vector, save_vector

__all__ = [
    "check_layers",
    "decode_vector",
    "decode_vectors",
    "encode_vector",
    "encode_vectors",
    "hook_name_of",
    "load_vector",
    "load_vectors",
    "save_vector",
    "save_vectors",
]
