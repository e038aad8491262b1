"""What may go wrong by the rules of the business: each error has a text fit for users, a code and an HTTP status."""

from typing import Any


class BusinessError(Exception):
    """A rule was broken. ``code`` is stable for programs, the text tells a person what to do, ``extra`` adds facts."""

    status = 422
    code = "rule_broken"

    def __init__(self, text: str, *, code: str = "", **extra: Any) -> None:
        super().__init__(text)
        self.code = code or self.code
        self.extra = extra


class StaleState(BusinessError):
    """Somebody else was faster; ``extra`` says who, what and when."""

    status = 409
    code = "stale"


class NotAllowed(BusinessError):
    """The person may see this, but not do that."""

    status = 403
    code = "not_allowed"
