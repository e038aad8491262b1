class ServicesError(Exception):
    """The services can't be used; the text says why and what to do, in words fit for a terminal."""
