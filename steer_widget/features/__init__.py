"""What is known about an SAE's features: labels, examples, activations, and the search through them."""
