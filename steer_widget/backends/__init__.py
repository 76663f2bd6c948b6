"""Where a worker runs: in a process of its own, or in this one."""
