"""An endpoint in virtual time, and all that it meets: the log, Kafka's group, the webhook, and whatever may happen.

`simulation.py` puts it together, `simulated_log.py` is the log; the tests are scenarios, one kind a file.
"""
