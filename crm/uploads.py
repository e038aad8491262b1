"""An upload is cut short while it streams in, so that a file beyond the limit costs neither memory nor disk."""

from typing import Any

from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

# Set on the request when a file was cut.
WAS_CUT = "upload_was_cut"


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file; past ``most_bytes`` the rest is read and thrown away, so that the page can answer.

    It must be set before anything reads the request, the CSRF check included.
    """

    def __init__(self, request: HttpRequest, *, most_bytes: int) -> None:
        super().__init__(request)
        self.most_bytes = most_bytes

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > self.most_bytes:
            self.file.close()
            setattr(self.request, WAS_CUT, True)
            raise SkipFile
        super().receive_data_chunk(raw_data, start)
