"""Faults done to real processes on a tiny model, and what must hold after each of them.

`make faults` does all of them in full, `make test` a short form of the same tests (`scale.py`).

Where the tests stand that the review of the former code asked for by name:

- happy path of comparison: test_review.py::test_comparison_happy_path
- double submission rejected: tests/unit/test_widget_runs.py::test_a_double_click_is_one_run
- running flag set before submission and cleared on error:
  tests/unit/test_widget_runs.py::test_clicks_from_many_threads_are_one_run, ::test_a_refused_run_lets_go_of_the_guard
- prompts continue after one fails: test_review.py::test_prompts_continue_after_one_fails
- stop in mid-batch: test_stop.py::test_stop_at_every_moment[decode]
- time-out per cell: test_review.py::test_a_cell_that_takes_too_long_does_not_take_the_others_with_it
- abort of a running task: test_stop.py, test_hang.py
- invalid feature index: test_review.py::test_invalid_feature_index
- recovery in every state: test_worker_killed.py, test_kernel_killed.py
- GPU clean-up after time-out: test_hang.py::test_a_hang_is_ended_by_the_hard_limit (the process that held
  the memory is gone)
"""
