"""`registry-bridge publish`: events from files into the topic.

Files and standard input come in; records go to the events topic, and what was refused is named by file and line. It
knows no HTTP and no Listener.
"""
