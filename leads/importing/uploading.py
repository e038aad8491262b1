"""An upload is cut short while it streams in, so that a file beyond the limit costs neither memory nor disk."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

# Set on the request when a file was cut.
WAS_CUT = "import_was_cut"


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file; past the limit the rest is read and thrown away, so that the page can answer."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > settings.IMPORT_MAX_BYTES:
            self.file.close()
            setattr(self.request, WAS_CUT, True)
            raise SkipFile
        super().receive_data_chunk(raw_data, start)
