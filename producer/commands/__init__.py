"""Commands of `registry-bridge` that print a text, one file a command.

Arguments and the configuration come in, text goes out. They know no Kafka: nothing is asked, nothing is changed.
"""
