"""What the README reports, measured: `python -m benchmarks` writes results/latest.json."""
