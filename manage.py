#!/usr/bin/env python
"""Tandem's command line. Starts what the command needs (database, broker) where no address of one is set."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from crm.embedded import ServicesError, prepare_environment
    from crm.supervisor import claim_serving

    try:
        if sys.argv[1:] == ["serve"]:
            claim_serving()
        prepare_environment(sys.argv)
    except ServicesError as error:
        sys.exit(f"Tandem: {error}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
