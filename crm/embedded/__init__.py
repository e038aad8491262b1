"""Real PostgreSQL and Valkey for a machine that has none: started from wheels, used by every command, stopped last.

`manage.py` calls ``prepare_environment`` before Django's settings are read; nothing in here imports Django.
"""

from crm.embedded.errors import ServicesError
from crm.embedded.folders import Account, service_account, var_folder
from crm.embedded.postgres import Postgres
from crm.embedded.services import ensure_services, prepare_environment, secret_key
from crm.embedded.valkey import Valkey

__all__ = [
    "Account",
    "Postgres",
    "ServicesError",
    "Valkey",
    "ensure_services",
    "prepare_environment",
    "secret_key",
    "service_account",
    "var_folder",
]
