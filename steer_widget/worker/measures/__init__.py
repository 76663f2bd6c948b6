"""What is measured on the texts of a run: pure functions of logits, hidden states, tokens and texts."""
