"""What a user waits for, and what the kernel carries: import, ready worker, first token, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from statistics import median

from .bench import Bench
from .measured import Measured

_KERNEL = """
import json, sys, time
import IPython, ipykernel.ipkernel, psutil  # what a notebook's kernel has loaded already
process = psutil.Process()
before_bytes = process.memory_info().rss
started_s = time.perf_counter()
import steer_widget as sw
import_s = time.perf_counter() - started_s
has_torch = "torch" in sys.modules
started_s = time.perf_counter()
steerer = sw.demo()
steerer.ready(timeout=120)
ready_s = time.perf_counter() - started_s
widget = steerer.widget
started_s = time.perf_counter()
run = steerer.compare("Yesterday I went for a walk and", [steerer.feature(523).at(40.0)])
for event in run:
    if type(event).__name__ == "Tokens":
        break
first_token_s = time.perf_counter() - started_s
run.result()
grown_mb = (process.memory_info().rss - before_bytes) / 1e6
steerer.close()
print(json.dumps({"import_s": import_s, "ready_s": ready_s, "first_token_s": first_token_s,
                  "kernel_grown_mb": grown_mb, "torch_in_kernel": has_torch}))
"""


def startup(bench: Bench) -> Measured:
    """Medians over fresh kernels."""
    found = []
    for _ in range(bench.scale.n_kernels):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(_KERNEL)], capture_output=True, text=True, check=True
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return Measured(absolute={key: median(one[key] for one in found) for key in found[0]})
