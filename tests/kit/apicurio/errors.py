"""What can go wrong with the tests' Apicurio Registry, as one error."""


class ApicurioError(Exception):
    """The registry cannot be brought or started; the text is one line that says why and, if known, what to do."""
