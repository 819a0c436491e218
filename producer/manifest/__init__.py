"""Manifests, checked and understood exactly as registry 3.x does it, down to Go's reading of JSON.

A media type and bytes come in; the references of the manifest, or its fault, go out. Pure: knows no events.
"""
