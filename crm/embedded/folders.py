"""Where the embedded servers keep their data and sockets, and as whom they run."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.embedded.errors import ServicesError

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER_OF_ROOT = Path("/var/lib/tandem")
# The kernel refuses longer socket paths: 108 bytes on Linux, 104 on macOS, a closing zero included.
LONGEST_SOCKET_PATH = 100
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
LEAST_FREE_BYTES = 300 * 1024 * 1024


@dataclass(frozen=True)
class Account:
    """Whom the servers run as: the caller, or for root a system user, because PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, Any]:
        """What subprocess needs to run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() != self.uid else {}

    def can_enter(self, folder: Path) -> bool:
        return self._tells("cd", folder)

    def can_execute(self, program: Path) -> bool:
        return self._tells("test -r", program) and self._tells("test -x", program)

    def _tells(self, question: str, path: Path) -> bool:
        command = ["/bin/sh", "-c", f'{question} "$1"', "sh", str(path)]
        return subprocess.run(command, cwd="/", capture_output=True, check=False, **self.switch).returncode == 0


def service_account() -> Account:
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid())
    if not _known("tandem") and shutil.which("useradd"):
        _make_system_user()
    for name in ("tandem", "postgres", "nobody"):
        if found := _known(name):
            return Account(name, found.pw_uid, found.pw_gid)
    raise ServicesError("PostgreSQL refuses to run as root and there is no other user: make one with `useradd tandem`.")


def _make_system_user() -> None:
    """Another process may be making the same user: what counts is that it is there a moment later."""
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    subprocess.run([*command, "tandem"], capture_output=True, check=False)
    for _attempt in range(20):
        if _known("tandem"):
            return
        time.sleep(0.1)


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def var_folder() -> Path:
    """TANDEM_VAR, else var/ in the checkout, else (for root, whose home others can't enter) a folder of the system."""
    if given := os.environ.get("TANDEM_VAR"):
        return Path(given).absolute()
    if os.geteuid() == 0:
        return FOLDER_OF_ROOT / hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
    return CHECKOUT / "var"


def make_folder(path: Path, *, mode: int = 0o755, owner: Account | None = None) -> Path:
    """The folder, made with this mode and owner when it is missing; one that exists is left as it is."""
    if path.is_dir():
        return path
    if path.parent != path:
        make_folder(path.parent)
    try:
        path.mkdir(exist_ok=True)
        path.chmod(mode)
        if owner and owner.switch:
            os.chown(path, owner.uid, owner.gid)
    except OSError as error:
        raise ServicesError(f"Cannot make the folder {path}: {error.strerror}. TANDEM_VAR can name another.") from error
    return path


def servers_home(var: Path, account: Account) -> Path:
    """The folder with the servers' data: ``var`` itself, or one beside the system's data if their user can't go there.

    Opening the folders above ``var`` (root's home, say) to that user would let others in as well.
    """
    note = var / "servers-at"
    if note.exists():
        return Path(note.read_text().strip())
    if account.can_enter(var):
        return var
    if (var / "postgres").exists():
        raise ServicesError(f"The user {account.name} can no longer enter {var}, where the database lies.")
    make_folder(FOLDER_OF_ROOT)
    home = Path(tempfile.mkdtemp(prefix="for-", dir=FOLDER_OF_ROOT))
    home.chmod(0o755)
    note.write_text(f"{home}\n")
    return home


def sockets_folder(home: Path, account: Account) -> Path:
    """A private folder for the sockets: in ``home``, or under /tmp if the path would be too long for a socket."""
    inside = home / "run"
    if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return make_folder(inside, mode=0o700, owner=account)
    note = home / "run-at"
    if note.exists() and _is_private(Path(note.read_text().strip()), account):
        return Path(note.read_text().strip())
    folder = Path(tempfile.mkdtemp(prefix="tandem-", dir="/tmp"))
    if account.switch:
        os.chown(folder, account.uid, account.gid)
    note.write_text(f"{folder}\n")
    return folder


def _is_private(folder: Path, account: Account) -> bool:
    """Still there, the account's own and closed to others: /tmp is open to anybody."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 and found.st_uid == account.uid


def demand_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ServicesError(f"The disk of {folder} is full: {free >> 20} MB free, {LEAST_FREE_BYTES >> 20} MB needed.")


def usable_by(account: Account, package: Path, program: str, home: Path) -> Path:
    """``package`` (a folder of site-packages) where ``account`` may run its ``program``.

    A virtual environment in a private home is closed to the servers' user; then a copy in ``home`` is used.
    """
    if account.can_execute(package / program):
        return package
    found = (package / program).stat()
    version = hashlib.sha256(f"{package} {found.st_size} {found.st_mtime}".encode()).hexdigest()[:8]
    copy = home / f"{package.name}-{version}"
    if not copy.exists():
        _copy_readable(package, copy)
    return copy / package.name


def _copy_readable(package: Path, copy: Path) -> None:
    """Copy the package and, beside it as the programs expect, its bundled libraries; complete or not at all."""
    draft = copy.with_suffix(f".{os.getpid()}")
    libraries = package.with_name(f"{package.name}.libs")
    for source in (package, libraries):
        if source.exists():
            shutil.copytree(source, draft / source.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
    draft.rename(copy)
