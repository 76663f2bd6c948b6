"""Tiny random models and SAEs on disk, as real as large ones: folders that transformers and sae-lens read."""
