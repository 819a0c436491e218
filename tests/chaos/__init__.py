"""A seeded chaos harness: our real processes on a real Kafka, faults by a schedule, and an oracle that judges the run.

From a seed follow the setup, the load and the faults (`drawing`, `load`); they are pure, and so is the oracle, which
reads what was recorded and nothing else. In between `run` starts the processes, sends the load, carries the faults
out, waits until everything has come to rest, and stops it all. `make chaos SEEDS=n` runs many seeds, `SEED=k` one.
"""
