"""`materialize`: keeps the topic of tags, by the fold of `consumer/tags/` over each partition of the events topic.

A partition's state is in the same partition of the topic of tags, with the offset up to which it holds: both are
written in one transaction. Whoever gets a partition first takes the place of whoever had it, then reads the state, and
goes on. So nobody can write what another one does not know of, and a repeat changes nothing.
"""
