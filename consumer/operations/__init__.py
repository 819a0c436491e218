"""What operators ask from outside a worker: `status`, `explain`, `tail`, `rewind`.

The log, the groups' commits and a worker's `/status` come in; answers go out. Nothing here delivers anything; only
`rewind` changes something, the offsets of a group without members.
"""
