"""Where the journal lies: which folder, and what is done when that folder cannot be written.

Looking for the folder writes nothing; `prepare` creates it, when there is something to write.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

VARIABLE = "DEEPSHI_STORE"
OFF = "off"
FOLDER = ".deepshi"

_HASH = re.compile(r"[0-9a-f]{64}")


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """The folder of a journal.

    Attributes:
        folder: Where events are written; it need not be there yet.
        root: The folder that the names of notebooks are relative to: the store's parent, or that of
            the folder that could not be used.
        notebook: The notebook, or None for a console.
        note: One sentence where the folder is not the expected one, to be shown once; else empty.
        off: True writes nothing. What is there can still be read.
        read_only: Another folder to read from, which cannot be written; or None.
    """

    folder: Path
    root: Path
    notebook: Path | None = None
    note: str = ""
    off: bool = False
    read_only: Path | None = None

    @property
    def journal_folder(self) -> Path:
        """The folder of the journal's files."""
        return self.folder / "journal"

    @property
    def objects_folder(self) -> Path:
        """The folder of attachments, each named by its SHA-256."""
        return self.folder / "objects"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders to read from, the one that is written last."""
        return (self.folder,) if self.read_only is None else (self.read_only, self.folder)

    def name_of(self, notebook: Path | None) -> str:
        """Return a notebook's name in the journal: relative to `root` if it is below it.

        Args:
            notebook: Its path; None for a console, whose name is empty.
        """
        if notebook is None:
            return ""
        path = _real(notebook)
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()


def find_store(notebook: Path | None, environ: Mapping[str, str], *, setting: str = "") -> Store:
    """Return the store of a notebook; nothing is written.

    It is the folder that the setting names, else ``DEEPSHI_STORE``, else the nearest ``.deepshi``
    upward from the notebook, else a new one beside it. A relative name counts from the notebook's
    folder. In the home folder itself, or where nothing can be written, the user's state directory
    takes its place, and the store's `note` says so.

    Args:
        notebook: The notebook's path; None for a console, which counts as in the working directory.
        environ: The environment variables.
        setting: What the user set for this session, or an empty text; ``off`` switches it off.
    """
    base = _folder_of(notebook)
    chosen = setting.strip() or environ.get(VARIABLE, "").strip()
    off = chosen.lower() == OFF
    if chosen and not off:
        folder = _real(base / os.path.expanduser(chosen))
        root = folder.parent
    else:
        root = _nearest(base) or base
        folder = root / FOLDER
    store = Store(folder=folder, root=root, notebook=notebook, off=off)
    reason = _reason_against(store, asked=bool(chosen) and not off)
    store = _in_state_directory(store, reason) if reason else store
    return msgspec.structs.replace(store, note="") if off else store


def prepare(store: Store) -> Store:
    """Create the folders of a store.

    Returns:
        The store that can be written: this one, or one in the user's state directory.

    Raises:
        OSError: Neither can be created.
    """
    try:
        _create(store)
    except OSError as error:
        other = _in_state_directory(store, f"{store.folder} cannot be written ({_reason(error)})")
        if other.folder == store.folder:
            raise
        _create(other)
        return other
    return store


def write_object(store: Store, data: bytes) -> str:
    """Keep an attachment and return its SHA-256, in hexadecimal.

    Raises:
        OSError: It cannot be written.
    """
    digest = hashlib.sha256(data).hexdigest()
    if read_object(store, digest) is None:
        store.objects_folder.mkdir(exist_ok=True)
        _write_whole(store.objects_folder / digest, data)
    return digest


def read_object(store: Store, sha256: str) -> bytes | None:
    """Return the attachment of that SHA-256, or None if it is not there or is not what it was.

    Args:
        store: Where to look.
        sha256: 64 hexadecimal digits; anything else, such as a path out of a record that somebody
            else wrote, is never looked for.
    """
    if not _HASH.fullmatch(sha256):
        return None
    for folder in store.folders:
        try:
            data = (folder / "objects" / sha256).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    return None


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can (Windows cannot)."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(opened)
    except OSError:
        pass
    finally:
        os.close(opened)


def _folder_of(notebook: Path | None) -> Path:
    if notebook is not None:
        return _real(notebook).parent
    try:
        return Path(os.path.realpath(Path.cwd()))
    except OSError:  # the working directory was deleted
        return _home()


def _real(path: Path) -> Path:
    """Return the absolute path with the links of its folder resolved, but not a last one."""
    absolute = Path(os.path.abspath(path))
    return Path(os.path.realpath(absolute.parent)) / absolute.name


def _home() -> Path:
    return Path(os.path.realpath(os.path.expanduser("~")))


def _nearest(base: Path) -> Path | None:
    """Return the nearest folder upward that holds a store, below the home folder."""
    home = _home()
    for folder in (base, *base.parents):
        if folder == home:
            return None
        if os.path.isdir(folder / FOLDER) and not _planted(folder):
            return folder
    return None


def _planted(folder: Path) -> bool:
    """Whether somebody else put a store where everybody can write, such as a temporary folder."""
    try:
        anyone = bool(folder.stat().st_mode & stat.S_IWOTH)
        return os.name == "posix" and anyone and (folder / FOLDER).stat().st_uid != os.getuid()
    except OSError:
        return True


def _reason_against(store: Store, *, asked: bool) -> str:
    """Say why a folder is not to be used; empty if it is."""
    home = _home()
    if store.folder == home:
        return f"{VARIABLE} names the home folder itself"
    if store.root == home and not asked:
        return "it would stand in the home folder itself"
    return "" if _writable(store.folder) else f"{store.folder} cannot be written"


def _writable(folder: Path) -> bool:
    """Whether a folder can be written, or created; a network file system may know better."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def _in_state_directory(store: Store, reason: str) -> Store:
    from platformdirs import user_state_dir  # slow to load, and seldom needed

    digest = hashlib.sha256(os.fsencode(store.root)).hexdigest()[:16]
    folder = Path(user_state_dir("deepshi_jupyter", appauthor=False)) / "stores" / digest
    todo = f"Set {VARIABLE} to a folder to keep it elsewhere."
    return msgspec.structs.replace(
        store,
        folder=folder,
        note=f"The journal is kept in {folder}, because {reason}. {todo}",
        read_only=store.folder if os.path.isdir(store.journal_folder) else None,
    )


def _create(store: Store) -> None:
    store.folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.folder.mkdir()
    except FileExistsError:
        if not os.path.isdir(store.folder):
            raise
    else:  # only now: a user who deletes it, to track the folder, keeps it deleted
        (store.folder / ".gitignore").write_bytes(b"*\n")
        sync_folder(store.folder.parent)
    store.journal_folder.mkdir(exist_ok=True)
    if not os.access(store.journal_folder, os.W_OK | os.X_OK):
        denied = errno.EACCES
        raise PermissionError(denied, os.strerror(denied), str(store.journal_folder))
    sync_folder(store.folder)


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    unfinished = path.with_name(f".{path.name[:8]}-{os.urandom(8).hex()}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
