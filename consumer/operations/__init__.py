"""What operators ask and do from outside a worker: `status`, `explain`, `attempts`, `tail`, `tags`, `pause`, `rewind`.

The log, the groups' commits and the answers of workers come in; answers go out. Nothing here speaks to an endpoint.
Three things are changed: a pause is begun or ended (`acting`), the offsets of a group without members are moved
(`rewind`), and a worker is asked to send a sample event (`distant_test`).
"""
