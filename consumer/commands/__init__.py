"""The commands of `registry-worker`, a file each: arguments in, text and an exit status out; no more is done here."""
