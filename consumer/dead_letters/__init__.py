"""Dead letters: events that an endpoint will not get, kept with where they lay and why.

Causes come in and are written; letters are read back, folded, shown, redriven and closed. It knows the
dispatcher, which a redrive uses, and no live endpoint: the groups and their cursors are not touched.
"""
