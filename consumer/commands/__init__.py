"""The command line of `registry-worker`, one file a command.

Arguments come in; text and an exit status go out. Nothing is decided here: the other rooms know no terminal.
"""
