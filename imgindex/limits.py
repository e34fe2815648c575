"""Every cap on hostile input, one documented field each.

Whatever a store or a registry holds is untrusted. A cap that is hit makes one problem row; it never ends a scan.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps of one scan. The defaults are far above what real stores hold."""

    document_bytes: int = 4 * 1024 * 1024
    """Largest manifest, index or image config. Registries refuse larger ones (distribution-spec, Pushing manifests)."""

    listing_bytes: int = 256 * 1024 * 1024
    """Largest list that a store keeps in one file: a layout's index.json, docker's repositories.json."""

    database_bytes: int = 512 * 1024 * 1024
    """Largest database that a store keeps in one file, as far as it is in use: containerd's meta.db."""

    small_file_bytes: int = 64 * 1024
    """Largest link, size, cache-id or parent file."""

    history_entries: int = 4096
    """Most history entries of one image. Docker allows 127 layers; empty entries come on top."""

    layers: int = 4096
    """Most layers or diff IDs of one image or manifest."""

    index_entries: int = 20_000
    """Most entries of one image index; a layout's index.json is a listing and not bound by it."""

    index_depth: int = 4
    """How deep nested indexes are followed."""

    map_entries: int = 4096
    """Most labels, annotations, environment variables, ports or volumes of one document."""

    text_chars: int = 65_536
    """Longest text kept in one column; longer text is cut, and a problem row says so."""

    name_chars: int = 512
    """Longest repository, tag, media type or label name kept."""

    urls: int = 64
    """Most addresses of one foreign layer."""

    archive_members: int = 1_000_000
    """Most files, folders and links of one tar."""

    archive_ratio: int = 1100
    """How many times its size a compressed tar may expand; gzip cannot do more than 1,032."""

    list_page_bytes: int = 64 * 1024 * 1024
    """Largest page of a registry's catalog or list of tags; some registries give a whole list in one."""

    list_names: int = 2_000_000
    """Most names of such a list."""

    failures: int = 20
    """After so many failing answers of a registry in a row, it is not asked on."""
