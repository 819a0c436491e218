"""Object storage as the storage of an export: S3, Google Cloud Storage, Azure Blob Storage, and what speaks like them.

Whole files and paths come in; objects go out, each with its path only when it is whole. A conditional object is the
lock. It knows no format, no topic and no log. Only `bucket.py` imports the client, which comes with an extra.
"""
