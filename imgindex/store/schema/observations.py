"""Tables of observations: what a store or a descriptor says, where and when.

Every key holds the `index_key`, a UUID made with the database, so that indexes merge as plain unions.
"""

from __future__ import annotations

from sqlalchemy import Table

from imgindex.store.schema.parts import (
    Presence,
    flag,
    index_key,
    metadata,
    number,
    observation,
    reference,
    scope_key,
    source_key,
    text,
    time,
)

index_info = Table(
    "index_info",
    metadata,
    index_key(),
    time("created_at", "When the index was made."),
    flag("keep_env", "Values that look like secrets are kept. Set when the index is made, never changed."),
    time("merged_at", "When it was first merged into this database; NULL = it is this database's own.", null=True),
    comment="The indexes whose observations this database holds: its own, and those merged into it.",
    info={"dimension": True, "room": "observations"},
)

sources = Table(
    "sources",
    metadata,
    index_key(),
    number("source_key", "First 63 bits of the SHA-256 of the name.", key=True),
    text("name", "What the source is called: --name, else its address."),
    text("kind", "docker-root, oci, registry-root …"),
    text("address", "Where it is: kind:place."),
    text("fingerprint", "Which store it is: machine, real path, device and inode; or host; or bucket and prefix."),
    text("registry", "The registry that its repositories belong to, where it is one.", null=True),
    time("created_at", "When it was first scanned."),
    time("forgotten_at", "When it was forgotten; NULL = it counts.", null=True),
    time("pruned_before", "Observations that ended before this were dropped; NULL = all are kept.", null=True),
    comment="The stores that were looked at.",
    info={"dimension": True, "room": "observations"},
)

scans = Table(
    "scans",
    metadata,
    index_key(),
    number("scan_key", "Number of the scan.", key=True),
    source_key(),
    time("started_at", "When it began."),
    time("finished_at", "When it ended; NULL = it runs, or it was stopped.", null=True),
    time("as_of", "The time that its observations hold for: its start, or --as-of."),
    text("outcome", "running, complete, partial, failed or superseded."),
    text("scope_filter", "What it was limited to, if anything.", null=True),
    text("detail", "Why it failed, if it did.", null=True),
    number("document_count", "Documents read.", null=True),
    number("bytes_read", "Bytes of documents read.", null=True),
    number("changed_rows", "Rows of observations opened and closed.", null=True),
    text("version", "Version of imgindex."),
    comment="Each look at a source.",
    info={"dimension": True, "room": "observations"},
)

scan_scopes = Table(
    "scan_scopes",
    metadata,
    index_key(),
    number("scan_key", "The scan.", key=True),
    source_key(),
    scope_key(),
    text("kind", "repository, driver, namespace, layout, blobs or catalog."),
    text("name", "Which one: a repository's name, a driver."),
    text("outcome", "complete, partial, failed or superseded."),
    time("as_of", "The as_of of the scan."),
    text("detail", "Why it was not complete, if so.", null=True),
    text("listing", "Fingerprint of the blobs that it lists, where it lists blobs.", null=True),
    comment="The unit of completeness: what was listed in one go, and whether to its end.",
    info={"room": "observations"},
)

tags = observation(
    "tags",
    "Where tags point, and pointed.",
    Presence(identity=("repository_key", "tag"), values=("target_key", "target_kind")),
    reference("repository_key", "The repository.", "repositories", key=True),
    text("tag", "The tag.", key=True),
    reference("target_key", "Key of the digest it points at; NULL if listed without one.", "blobs", null=True),
    text("target_kind", "image (docker's graph drivers, archives) or manifest (all else)."),
    time("set_at", "When the store says it was set; NULL if it does not say.", null=True),
    time("valid_from", "set_at if that lies after the previous look, else first_seen_at; NULL if undated.", null=True),
    text("evidence", "observed: a look saw it. What is recovered is in tag_traces."),
)

tag_traces = Table(
    "tag_traces",
    metadata,
    index_key(),
    source_key(),
    scope_key(),
    reference("repository_key", "The repository.", "repositories", key=True),
    text("tag", "The tag.", key=True),
    reference("target_key", "Key of the digest it pointed at.", "blobs", key=True),
    text("target_kind", "image (docker's graph drivers, archives) or manifest (all else).", key=True),
    text(
        "basis",
        "set = the store says when it was set to it; seen = a look saw it so, too late to decide; known = it once was so.",
        key=True,
    ),
    time(
        "dated_at", "When it was set, or seen; if it is merely known, the earliest look that found the trace.", key=True
    ),
    comment="What stores remember of where tags pointed. These are facts, never changed: tag_history makes intervals of them.",
    info={"room": "observations"},
)

repo_digests = observation(
    "repo_digests",
    "repository@digest entries: under which manifest digest an image was pulled or pushed.",
    Presence(identity=("repository_key", "manifest_key"), values=("image_key",)),
    reference("repository_key", "The repository.", "repositories", key=True),
    reference("manifest_key", "Key of the manifest's digest.", "blobs", key=True),
    reference("image_key", "The image.", "blobs"),
)

source_manifests = observation(
    "source_manifests",
    "Which manifests a source has, by repository.",
    Presence(identity=("repository_key", "manifest_key"), values=()),
    reference("repository_key", "The repository.", "repositories", key=True),
    reference("manifest_key", "Key of the manifest's digest.", "blobs", key=True),
)

source_images = observation(
    "source_images",
    "Which images a source has.",
    Presence(identity=("image_key",), values=("local_id", "listed", "parent_key", "set_at", "own_bytes")),
    reference("image_key", "The image.", "blobs", key=True),
    text("local_id", "The store's own ID for it, where it has one.", null=True),
    flag("listed", "The store lists it: these are the images that count."),
    reference("parent_key", "The image that it was built on, where the store says so.", "blobs", null=True),
    time("set_at", "When the store last tagged or made it, where it says so.", null=True),
    added=(
        number(
            "own_bytes",
            "What the store keeps of it beside its layers, such as manifests and config; NULL where that is in blobs.",
            null=True,
        ),
    ),
)

source_blobs = observation(
    "source_blobs",
    "Which blobs a source has, or says it has, and how large they are there.",
    Presence(identity=("repository_key", "blob_key"), values=("bytes", "bytes_evidence")),
    reference(
        "repository_key",
        "The repository it is linked in; the nameless one = the store itself.",
        "repositories",
        key=True,
    ),
    reference("blob_key", "The blob.", "blobs", key=True),
    number("bytes", "Size in bytes; NULL if the source does not say.", null=True),
    text("bytes_evidence", "held = the store has it, of this size; declared = a descriptor says so."),
)

source_layers = observation(
    "source_layers",
    "Which unpacked layers a source has, and how large they are there.",
    Presence(identity=("store", "chain_key", "basis"), values=("cache_id", "bytes")),
    text("store", "Graph driver, or namespace/snapshotter.", key=True),
    reference("chain_key", "The stack that the layer is the top of.", "chains", key=True),
    text("cache_id", "The driver's own name for it; no digest.", null=True),
    number("bytes", "Size in bytes as the store counts it; NULL if it does not say.", null=True),
    text("basis", "on_disk = the unpacked files; uncompressed = the layer's tar.", key=True),
)

containers = observation(
    "containers",
    "Containers, and what they hold.",
    Presence(identity=("container_id",), values=("name", "image_key", "image_ref", "chain_key", "state", "created_at")),
    text("container_id", "The container's ID.", key=True),
    text("name", "Its name.", null=True),
    reference("image_key", "The image that it was made of.", "blobs", null=True),
    text("image_ref", "What its maker called the image.", null=True),
    reference("chain_key", "The stack that it stands on.", "chains", null=True),
    text("state", "running, exited, created, paused, restarting, removing or dead.", null=True),
    time("created_at", "When it was made.", null=True),
)

problems = observation(
    "problems",
    "What is broken or odd: one row an item, open until a complete look finds it mended.",
    Presence(identity=("locator", "kind", "digest"), values=("detail",)),
    text("locator", "Where: a path within the store, a reference or a digest.", key=True),
    text("kind", "What: missing_blob, digest_mismatch, history_mismatch …", key=True),
    text("digest", "The digest concerned; empty if none.", key=True),
    text("detail", "In words."),
    reference(
        "document_key",
        "The document it is about, where it lies in the document itself: then it stays as long as the document does.",
        "blobs",
        null=True,
    ),
)
