"""Locks between processes, and telling a live server from the pid file of a dead one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


class FileLock:
    """An advisory lock that the kernel drops with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def share(self) -> None:
        fcntl.flock(self.handle, fcntl.LOCK_SH)

    def take(self) -> None:
        fcntl.flock(self.handle, fcntl.LOCK_EX)

    def try_take(self) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def close(self) -> None:
        os.close(self.handle)


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.take()
        yield
    finally:
        lock.close()


def first_number(path: Path) -> int | None:
    """The number on the first line of a pid file, None if there is none."""
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def runs(pid: int | None, *, mentioning: str) -> bool:
    """Whether ``pid`` is a live process with ``mentioning`` in its command line (a number may have been reused)."""
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and mentioning in " ".join(process.cmdline())
    except psutil.Error:
        return False


def tail(path: Path, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def cut_long_log(path: Path, most_bytes: int = 10_000_000) -> None:
    """Keep one older log: a server that runs for months should not fill the disk with its log."""
    with suppress(OSError):
        if path.stat().st_size > most_bytes:
            path.replace(path.with_suffix(".old.log"))
