"""Derived tables: built from the others whenever a scan changed something, replaced whole per source."""

from __future__ import annotations

from sqlalchemy import Table

from imgindex.store.schema.parts import flag, index_key, metadata, number, reference, scope_key, source_key, text, time

BASIS = "What is counted: compressed (blobs), uncompressed (tars) or on_disk (unpacked files)."

source_usage = Table(
    "source_usage",
    metadata,
    index_key(),
    source_key(),
    text("basis", BASIS, key=True),
    text("store", "Graph driver or namespace/snapshotter; empty for blobs.", key=True),
    number("unit_key", "Key of what is shared: a blob, or a chain within its store.", key=True),
    reference("layer_key", "The layer, for unpacked layers.", "layers", null=True),
    reference("blob_key", "The blob, for blobs.", "blobs", null=True),
    reference("chain_key", "The stack, for unpacked layers.", "chains", null=True),
    number("size_bytes", "Size as this source states it; NULL if it does not.", null=True),
    number("image_count", "Listed images that use it."),
    number("repository_count", "Repositories with a current tag that reaches an image that uses it."),
    comment="What images share: each unit of a source, its size and how many use it.",
    info={"room": "derived"},
)

source_image_sizes = Table(
    "source_image_sizes",
    metadata,
    index_key(),
    source_key(),
    text("basis", BASIS, key=True),
    reference("image_key", "The listed image.", "blobs", key=True),
    number("size_bytes", "All its distinct units; NULL if one is unknown.", null=True),
    number("shared_bytes", "Those that another listed image uses, too.", null=True),
    number("unique_bytes", "Those that no other listed image uses.", null=True),
    number(
        "split_bytes",
        "Its part of each unit: s bytes among n images are s div n each, the remainder to the smallest image ID.",
        null=True,
    ),
    number("unknown_layers", "How many of its units have no known size."),
    comment="What each listed image of a source costs.",
    info={"room": "derived"},
)

source_image_summaries = Table(
    "source_image_summaries",
    metadata,
    index_key(),
    source_key(),
    reference("image_key", "The image.", "blobs", key=True),
    flag("listed", "The store lists it."),
    text(
        "platform", "os/architecture[/variant] of its index entries, normalised; the first if they differ.", null=True
    ),
    text("os", "Operating system of its index entries.", null=True),
    text("architecture", "Architecture of its index entries.", null=True),
    text("variant", "Variant of its index entries.", null=True),
    number("layer_count", "Entries in the layer list of its manifest; NULL without one.", null=True),
    number("tag_count", "Current tags that reach it."),
    text("names", "Those tags as repository:tag, sorted, separated by a comma and a space; NULL if none.", null=True),
    comment="What a source says of each of its images beside the config.",
    info={"room": "derived"},
)

source_image_units = Table(
    "source_image_units",
    metadata,
    index_key(),
    source_key(),
    text("basis", BASIS, key=True),
    text("store", "Graph driver or namespace/snapshotter; empty for blobs.", key=True),
    number("unit_key", "Key of what is shared: a blob, or a chain within its store.", key=True),
    reference("image_key", "An image that uses it, listed or not.", "blobs", key=True),
    flag("listed", "The store lists the image."),
    comment="Which units each image of a source uses, each once.",
    info={"room": "derived"},
)

source_tag_intervals = Table(
    "source_tag_intervals",
    metadata,
    index_key(),
    source_key(),
    scope_key(),
    reference("repository_key", "The repository.", "repositories", key=True),
    text("tag", "The tag.", key=True),
    number("place", "Place in the tag's history, from 1; what is undated comes last.", key=True),
    reference("target_key", "What it pointed at; NULL if listed without a digest.", "blobs", null=True),
    text("target_kind", "image or manifest."),
    time("set_at", "When the store says it was set; NULL if it does not say.", null=True),
    time("first_seen_at", "Our first sight of it; NULL if no look saw it so.", null=True),
    time(
        "last_seen_at",
        "Our last sight of it; where it is current, later complete looks confirm it. NULL if no look saw it so.",
        null=True,
    ),
    time("valid_from", "Where the interval begins; NULL if undated.", null=True),
    time("valid_to", "Where it ends; NULL = current, or undated.", null=True),
    text("evidence", "observed: a look saw it. recovered: the store remembers it."),
    reference("from_key", "What the tag moved from when this began; NULL if it did not move.", "blobs", null=True),
    time("last_seen_from", "Our last sight of that, or when it was set.", null=True),
    text("from_evidence", "The evidence of that.", null=True),
    comment="Where tags point and pointed: what looks saw and what stores remember, made into one history.",
    info={"room": "derived"},
)
