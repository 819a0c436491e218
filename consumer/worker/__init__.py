"""`registry-worker deliver`: the endpoints of one process, how it starts and stops, and whether it does its work.

Settings come in; a running process and its pages go out. It knows nothing of the commands that look on from outside.
"""
