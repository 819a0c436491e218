"""What may be sent next: the records of each repository in order, gathered into batches.

Records come in by `Admission`; batches go out, and come back finished, to be retried or to be split. Pure: knows no
HTTP, no breaker, no task and no clock.
"""
