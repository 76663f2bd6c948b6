"""The process that holds the model: it takes commands, generates, and sends events."""
