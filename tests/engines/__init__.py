"""The recipes of docs/engines, run with the engines themselves: `make test-engines`, not part of `make test`.

An engine has a folder with its lock and what runs it, and `test_ENGINE.py` beside it. `pipeline` is what all of them
read; `recorded` keeps the table of the last run, which stands in the documents.
"""
