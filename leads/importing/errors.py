"""What may go wrong with a file, a mapping or a row."""

from crm.errors import BusinessError


class UnreadableFile(BusinessError):
    """The file as a whole cannot be taken in; the text says what to do about it."""

    code = "unreadable_file"


class BadMapping(BusinessError):
    """The mapping contradicts itself or does not fit the file."""

    code = "bad_mapping"


class Undecided(BusinessError):
    """A column can be read in two ways and nobody has said which."""

    code = "undecided_column"


class RowRefused(Exception):
    """This row stays out; the text is the reason shown beside it."""
