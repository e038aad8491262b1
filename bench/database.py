"""A PostgreSQL and a Valkey of their own for a measurement, in a temporary folder, gone afterwards."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def prepare() -> Path:
    """Start them, with every migration applied, and set Django up; gives the folder."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    # Registered first, so run last: the servers, stopped when this process ends, still need the folder.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    os.environ |= {"TANDEM_VAR": str(folder / "var"), "MEDIA_ROOT": str(folder / "media"), "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
    from crm.embedded import prepare_environment

    prepare_environment(["manage.py", "migrate"])
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    return folder
