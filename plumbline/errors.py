"""Errors that a user can cause and mend."""


class PlumblineError(Exception):
    """A sentence for the user: what is wrong, where, what to do. The command line prints it and exits 2."""
