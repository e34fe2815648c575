"""What a layout's ref name means: a tag of some repository, or of the nameless one.

The image-spec leaves it to whoever writes the layout (`org.opencontainers.image.ref.name`), so a name is taken as
given: never completed with a registry, as a reference typed by a person would be.

https://github.com/opencontainers/image-spec/blob/main/annotations.md

    split_ref("1.2")                     -> ("", "1.2")
    split_ref("web:1.2")                 -> ("web", "1.2")
    split_ref("reg.example:5000/x:1")    -> ("reg.example:5000/x", "1")
"""

from __future__ import annotations

from collections.abc import Mapping

REF_NAME = "org.opencontainers.image.ref.name"
IMAGE_NAME = "io.containerd.image.name"
"""What containerd and docker write beside it: the whole reference."""


def split_ref(name: str) -> tuple[str, str]:
    """(repository, tag) of a ref name; a bare word, and what is no `name:tag`, is a tag of the repository ""."""
    repository, colon, tag = name.rpartition(":")
    if not colon or not repository or not tag or "/" in tag or "@" in name:
        return "", name
    return repository, tag


def ref_of(annotations: Mapping[str, str | None]) -> str | None:
    """The name that a descriptor goes by: the whole reference if it has one, else its ref name."""
    return annotations.get(IMAGE_NAME) or annotations.get(REF_NAME) or None


def answers_to(annotations: Mapping[str, str | None], ref: str) -> bool:
    """Whether a person who writes `oci:DIR:ref` means this descriptor."""
    return ref in (annotations.get(REF_NAME), annotations.get(IMAGE_NAME))
