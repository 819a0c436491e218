"""From a record that is due to a request, its outcome, and what follows from it."""
