"""Packs the folder of a real store into the kind of archive that lies in samples/.

The archive is the same for the same folder, whoever packs it: entries are sorted, owners are 0, modes are 0755 and
0644, and modification times are kept, since some stores say with them when a tag was set. A `docker-root` keeps only
what imgindex reads of it: image metadata without tar-splits, and the containers' configurations; so does a
`containers-storage`, which keeps its lists and the images' big data.
Of a `containerd-root`, layers are packed as zeros of the same size: nothing else is read of them.

    python scripts/pack_sample.py /var/lib/docker samples/docker-host.tar.xz --kind docker-root
    python scripts/pack_sample.py /var/lib/registry samples/registry.tar.xz
"""

from __future__ import annotations

import argparse
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath


def is_read_of_docker_root(path: PurePosixPath, is_dir: bool) -> bool:
    """Whether the `docker-root` source reads this file, or something in this folder."""
    top = path.parts[0]
    if top == "image":
        return path.name != "tar-split.json.gz"
    if top == "containers":
        return len(path.parts) <= 2 if is_dir else path.name == "config.v2.json"
    return False


def is_read_of_containers_storage(path: PurePosixPath, is_dir: bool) -> bool:
    """Whether the `containers-storage` source reads this file, or something in this folder."""
    part = path.parts[0].rpartition("-")[2]
    if part == "images":
        return True
    return part in ("layers", "containers") and (path.suffix in (".json", ".lock") or len(path.parts) == 1)


def is_anything(path: PurePosixPath, is_dir: bool) -> bool:
    return True


KINDS: dict[str, Callable[[PurePosixPath, bool], bool]] = {
    "docker-root": is_read_of_docker_root,
    "containers-storage": is_read_of_containers_storage,
    "containerd-root": is_anything,
    "whole": is_anything,
}


def content_of(path: Path, kind: str) -> bytes:
    """What is packed of a file; documents begin with a brace, and layers do not."""
    data = path.read_bytes()
    is_layer = kind == "containerd-root" and "blobs" in path.parts and not data.startswith(b"{")
    return bytes(len(data)) if is_layer else data


def pack(root: Path, archive: Path, kind: str) -> int:
    """Write `archive` and return how many files it holds. A link or special file stops it: samples have none."""
    files, keep = 0, KINDS[kind]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            name = PurePosixPath(path.relative_to(root).as_posix())
            if not keep(name, path.is_dir()):
                continue
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise SystemExit(f"{path} is neither a file nor a folder")
            entry = tarfile.TarInfo(str(name))
            stat = path.stat()
            entry.mtime = int(stat.st_mtime) if stat.st_mtime_ns % 1_000_000_000 == 0 else stat.st_mtime
            if path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            else:
                entry.size, entry.mode = stat.st_size, 0o644
                tar.addfile(entry, io.BytesIO(content_of(path, kind)))
                files += 1
    archive.write_bytes(lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack the folder of a real store into a sample archive.")
    parser.add_argument("root", type=Path)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--kind", choices=sorted(KINDS), default="whole")
    arguments = parser.parse_args()
    files = pack(arguments.root, arguments.archive, arguments.kind)
    print(f"{arguments.archive}: {files} files, {arguments.archive.stat().st_size} bytes")


if __name__ == "__main__":
    main()
