"""A disk without room: a tiny one of memory where we may mount it, else what Linux offers everybody instead."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGE = 4096


@contextmanager
def disk_of(folder: Path, *, room: int) -> Iterator[Path]:
    """`folder` with room for so many bytes in the file that this process counts in: 0, or whole pages."""
    if not _is_mounted(folder, size=room + _PAGE):
        with _files_of(room) if room else _device_at(folder / str(os.getpid())):
            yield folder
        return
    try:
        (folder / "filler").write_bytes(bytes(_PAGE))
        yield folder
    finally:
        # Lazily, since what was mapped there stays mapped as long as the process lives.
        subprocess.run(["umount", "--lazy", folder], check=True)


def _is_mounted(folder: Path, *, size: int) -> bool:
    # By the shell, since there may be no `mount` at all.
    command = ["sh", "-c", 'mount -t tmpfs -o "size=$0" tmpfs "$1"', str(size), folder]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


@contextmanager
def _files_of(room: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _device_at(path: Path) -> Iterator[None]:
    path.symlink_to("/dev/full")
    yield
