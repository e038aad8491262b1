"""The file of a piece of content on its way to somebody who has logged in."""

from django.http import FileResponse

from campaigns.files import content_type_of, name_of, opened
from campaigns.models import Asset


def download(asset: Asset) -> FileResponse | None:
    """None when there is no file. Nothing in it ever runs as a page of ours: it is saved, and taken for what we say."""
    if not asset.file:
        return None
    try:
        file = opened(asset)
    except FileNotFoundError:
        return None
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return FileResponse(
        file, as_attachment=True, filename=name_of(asset), content_type=content_type_of(asset), headers=headers
    )
