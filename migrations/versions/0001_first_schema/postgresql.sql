CREATE TABLE blobs (
    blob_key BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT,
    PRIMARY KEY (blob_key)
)
;
COMMENT ON TABLE blobs IS 'The one dictionary of content digests: manifests, configs and layer blobs, also those only mentioned.'
;
COMMENT ON COLUMN blobs.blob_key IS 'First 63 bits of the digest.'
;
COMMENT ON COLUMN blobs.digest IS 'Digest of the bytes as stored, algorithm:hex.'
;
COMMENT ON COLUMN blobs.size_bytes IS 'Size of the bytes, verified against the digest; NULL until then.'
;
CREATE TABLE chains (
    chain_key BIGINT NOT NULL,
    chain_id TEXT COLLATE "C" NOT NULL,
    parent_key BIGINT,
    layer_key BIGINT NOT NULL,
    depth BIGINT NOT NULL,
    PRIMARY KEY (chain_key)
)
;
COMMENT ON TABLE chains IS 'Stacks of layers by their chain ID (image-spec, config.md, Layer ChainID).'
;
COMMENT ON COLUMN chains.chain_key IS 'First 63 bits of the chain ID.'
;
COMMENT ON COLUMN chains.chain_id IS 'Digest of the whole stack; of a base layer, its diff ID.'
;
COMMENT ON COLUMN chains.parent_key IS 'The stack below the top layer; NULL for a base layer.'
;
COMMENT ON COLUMN chains.layer_key IS 'The top layer.'
;
COMMENT ON COLUMN chains.depth IS 'How many layers are in the stack; 1 = a base layer.'
;
CREATE TABLE containers (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    container_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    image_key BIGINT,
    image_ref TEXT COLLATE "C",
    chain_key BIGINT,
    state TEXT COLLATE "C",
    created_at TIMESTAMPTZ,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, container_id, first_seen_at)
)
;
COMMENT ON TABLE containers IS 'Containers, and what they hold.'
;
COMMENT ON COLUMN containers.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN containers.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN containers.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN containers.container_id IS 'The container''s ID.'
;
COMMENT ON COLUMN containers.name IS 'Its name.'
;
COMMENT ON COLUMN containers.image_key IS 'The image that it was made of.'
;
COMMENT ON COLUMN containers.image_ref IS 'What its maker called the image.'
;
COMMENT ON COLUMN containers.chain_key IS 'The stack that it stands on.'
;
COMMENT ON COLUMN containers.state IS 'running, exited, created, paused, restarting, removing or dead.'
;
COMMENT ON COLUMN containers.created_at IS 'When it was made.'
;
COMMENT ON COLUMN containers.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN containers.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN containers.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN containers.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE index_info (
    index_key UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    keep_env BOOLEAN NOT NULL,
    PRIMARY KEY (index_key)
)
;
COMMENT ON TABLE index_info IS 'The indexes whose observations this database holds: its own, and those merged into it.'
;
COMMENT ON COLUMN index_info.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN index_info.created_at IS 'When the index was made.'
;
COMMENT ON COLUMN index_info.keep_env IS 'Values that look like secrets are kept. Set when the index is made, never changed.'
;
CREATE TABLE layers (
    layer_key BIGINT NOT NULL,
    diff_id TEXT COLLATE "C" NOT NULL,
    tar_bytes BIGINT,
    PRIMARY KEY (layer_key)
)
;
COMMENT ON TABLE layers IS 'Layers by the digest of their uncompressed tar.'
;
COMMENT ON COLUMN layers.layer_key IS 'First 63 bits of the diff ID.'
;
COMMENT ON COLUMN layers.diff_id IS 'Digest of the uncompressed tar, algorithm:hex.'
;
COMMENT ON COLUMN layers.tar_bytes IS 'Size of the uncompressed tar, verified against the diff ID; NULL until then.'
;
CREATE TABLE problems (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    locator TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    document_key BIGINT,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, locator, kind, digest, first_seen_at)
)
;
COMMENT ON TABLE problems IS 'What is broken or odd: one row an item, open until a complete look finds it mended.'
;
COMMENT ON COLUMN problems.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN problems.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN problems.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN problems.locator IS 'Where: a path within the store, a reference or a digest.'
;
COMMENT ON COLUMN problems.kind IS 'What: missing_blob, digest_mismatch, history_mismatch …'
;
COMMENT ON COLUMN problems.digest IS 'The digest concerned; empty if none.'
;
COMMENT ON COLUMN problems.detail IS 'In words.'
;
COMMENT ON COLUMN problems.document_key IS 'The document it is about, where it lies in the document itself: then it stays as long as the document does.'
;
COMMENT ON COLUMN problems.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN problems.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN problems.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN problems.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE repo_digests (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    repository_key BIGINT NOT NULL,
    manifest_key BIGINT NOT NULL,
    image_key BIGINT NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, repository_key, manifest_key, first_seen_at)
)
;
COMMENT ON TABLE repo_digests IS 'repository@digest entries: under which manifest digest an image was pulled or pushed.'
;
COMMENT ON COLUMN repo_digests.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN repo_digests.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN repo_digests.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN repo_digests.repository_key IS 'The repository.'
;
COMMENT ON COLUMN repo_digests.manifest_key IS 'Key of the manifest''s digest.'
;
COMMENT ON COLUMN repo_digests.image_key IS 'The image.'
;
COMMENT ON COLUMN repo_digests.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN repo_digests.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN repo_digests.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN repo_digests.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE repositories (
    repository_key BIGINT NOT NULL,
    name TEXT COLLATE "C",
    registry TEXT COLLATE "C",
    path TEXT COLLATE "C",
    PRIMARY KEY (repository_key)
)
;
COMMENT ON TABLE repositories IS 'Repositories by full name with registry: nginx is docker.io/library/nginx.'
;
COMMENT ON COLUMN repositories.repository_key IS 'First 63 bits of the SHA-256 of the name.'
;
COMMENT ON COLUMN repositories.name IS 'Full name; NULL is the nameless repository of a layout''s bare refs.'
;
COMMENT ON COLUMN repositories.registry IS 'The registry''s host and port, where the name has one.'
;
COMMENT ON COLUMN repositories.path IS 'The name within its registry.'
;
CREATE TABLE scan_scopes (
    index_key UUID NOT NULL,
    scan_key BIGINT NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    as_of TIMESTAMPTZ NOT NULL,
    detail TEXT COLLATE "C",
    listing TEXT COLLATE "C",
    PRIMARY KEY (index_key, scan_key, source_key, scope_key)
)
;
COMMENT ON TABLE scan_scopes IS 'The unit of completeness: what was listed in one go, and whether to its end.'
;
COMMENT ON COLUMN scan_scopes.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN scan_scopes.scan_key IS 'The scan.'
;
COMMENT ON COLUMN scan_scopes.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN scan_scopes.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN scan_scopes.kind IS 'repository, driver, namespace, layout, blobs or catalog.'
;
COMMENT ON COLUMN scan_scopes.name IS 'Which one: a repository''s name, a driver.'
;
COMMENT ON COLUMN scan_scopes.outcome IS 'complete, partial, failed or superseded.'
;
COMMENT ON COLUMN scan_scopes.as_of IS 'The as_of of the scan.'
;
COMMENT ON COLUMN scan_scopes.detail IS 'Why it was not complete, if so.'
;
COMMENT ON COLUMN scan_scopes.listing IS 'Fingerprint of the blobs that it lists, where it lists blobs.'
;
CREATE TABLE scans (
    index_key UUID NOT NULL,
    scan_key BIGINT NOT NULL,
    source_key BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    as_of TIMESTAMPTZ NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    scope_filter TEXT COLLATE "C",
    detail TEXT COLLATE "C",
    document_count BIGINT,
    bytes_read BIGINT,
    changed_rows BIGINT,
    version TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (index_key, scan_key, source_key)
)
;
COMMENT ON TABLE scans IS 'Each look at a source.'
;
COMMENT ON COLUMN scans.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN scans.scan_key IS 'Number of the scan.'
;
COMMENT ON COLUMN scans.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN scans.started_at IS 'When it began.'
;
COMMENT ON COLUMN scans.finished_at IS 'When it ended; NULL = it runs, or it was stopped.'
;
COMMENT ON COLUMN scans.as_of IS 'The time that its observations hold for: its start, or --as-of.'
;
COMMENT ON COLUMN scans.outcome IS 'running, complete, partial, failed or superseded.'
;
COMMENT ON COLUMN scans.scope_filter IS 'What it was limited to, if anything.'
;
COMMENT ON COLUMN scans.detail IS 'Why it failed, if it did.'
;
COMMENT ON COLUMN scans.document_count IS 'Documents read.'
;
COMMENT ON COLUMN scans.bytes_read IS 'Bytes of documents read.'
;
COMMENT ON COLUMN scans.changed_rows IS 'Rows of observations opened and closed.'
;
COMMENT ON COLUMN scans.version IS 'Version of imgindex.'
;
CREATE TABLE source_blobs (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    repository_key BIGINT NOT NULL,
    blob_key BIGINT NOT NULL,
    bytes BIGINT,
    bytes_evidence TEXT COLLATE "C" NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, repository_key, blob_key, first_seen_at)
)
;
COMMENT ON TABLE source_blobs IS 'Which blobs a source has, or says it has, and how large they are there.'
;
COMMENT ON COLUMN source_blobs.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_blobs.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_blobs.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN source_blobs.repository_key IS 'The repository it is linked in; the nameless one = the store itself.'
;
COMMENT ON COLUMN source_blobs.blob_key IS 'The blob.'
;
COMMENT ON COLUMN source_blobs.bytes IS 'Size in bytes; NULL if the source does not say.'
;
COMMENT ON COLUMN source_blobs.bytes_evidence IS 'held = the store has it, of this size; declared = a descriptor says so.'
;
COMMENT ON COLUMN source_blobs.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN source_blobs.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN source_blobs.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN source_blobs.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE source_image_sizes (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    image_key BIGINT NOT NULL,
    size_bytes BIGINT,
    shared_bytes BIGINT,
    unique_bytes BIGINT,
    split_bytes BIGINT,
    unknown_layers BIGINT NOT NULL,
    PRIMARY KEY (index_key, source_key, basis, image_key)
)
;
COMMENT ON TABLE source_image_sizes IS 'What each listed image of a source costs.'
;
COMMENT ON COLUMN source_image_sizes.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_image_sizes.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_image_sizes.basis IS 'What is counted: compressed (blobs), uncompressed (tars) or on_disk (unpacked files).'
;
COMMENT ON COLUMN source_image_sizes.image_key IS 'The listed image.'
;
COMMENT ON COLUMN source_image_sizes.size_bytes IS 'All its distinct units; NULL if one is unknown.'
;
COMMENT ON COLUMN source_image_sizes.shared_bytes IS 'Those that another listed image uses, too.'
;
COMMENT ON COLUMN source_image_sizes.unique_bytes IS 'Those that no other listed image uses.'
;
COMMENT ON COLUMN source_image_sizes.split_bytes IS 'Its part of each unit: s bytes among n images are s div n each, the remainder to the smallest image ID.'
;
COMMENT ON COLUMN source_image_sizes.unknown_layers IS 'How many of its units have no known size.'
;
CREATE TABLE source_images (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    image_key BIGINT NOT NULL,
    local_id TEXT COLLATE "C",
    listed BOOLEAN NOT NULL,
    parent_key BIGINT,
    set_at TIMESTAMPTZ,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, image_key, first_seen_at)
)
;
COMMENT ON TABLE source_images IS 'Which images a source has.'
;
COMMENT ON COLUMN source_images.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_images.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_images.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN source_images.image_key IS 'The image.'
;
COMMENT ON COLUMN source_images.local_id IS 'The store''s own ID for it, where it has one.'
;
COMMENT ON COLUMN source_images.listed IS 'The store lists it: these are the images that count.'
;
COMMENT ON COLUMN source_images.parent_key IS 'The image that it was built on, where the store says so.'
;
COMMENT ON COLUMN source_images.set_at IS 'When the store last tagged or made it, where it says so.'
;
COMMENT ON COLUMN source_images.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN source_images.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN source_images.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN source_images.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE source_layers (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    chain_key BIGINT NOT NULL,
    cache_id TEXT COLLATE "C",
    bytes BIGINT,
    basis TEXT COLLATE "C" NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, store, chain_key, basis, first_seen_at)
)
;
COMMENT ON TABLE source_layers IS 'Which unpacked layers a source has, and how large they are there.'
;
COMMENT ON COLUMN source_layers.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_layers.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_layers.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN source_layers.store IS 'Graph driver, or namespace/snapshotter.'
;
COMMENT ON COLUMN source_layers.chain_key IS 'The stack that the layer is the top of.'
;
COMMENT ON COLUMN source_layers.cache_id IS 'The driver''s own name for it; no digest.'
;
COMMENT ON COLUMN source_layers.bytes IS 'Size in bytes as the store counts it; NULL if it does not say.'
;
COMMENT ON COLUMN source_layers.basis IS 'on_disk = the unpacked files; uncompressed = the layer''s tar.'
;
COMMENT ON COLUMN source_layers.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN source_layers.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN source_layers.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN source_layers.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE source_manifests (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    repository_key BIGINT NOT NULL,
    manifest_key BIGINT NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, repository_key, manifest_key, first_seen_at)
)
;
COMMENT ON TABLE source_manifests IS 'Which manifests a source has, by repository.'
;
COMMENT ON COLUMN source_manifests.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_manifests.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_manifests.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN source_manifests.repository_key IS 'The repository.'
;
COMMENT ON COLUMN source_manifests.manifest_key IS 'Key of the manifest''s digest.'
;
COMMENT ON COLUMN source_manifests.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN source_manifests.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN source_manifests.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN source_manifests.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE source_usage (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    unit_key BIGINT NOT NULL,
    layer_key BIGINT,
    blob_key BIGINT,
    chain_key BIGINT,
    size_bytes BIGINT,
    image_count BIGINT NOT NULL,
    repository_count BIGINT NOT NULL,
    PRIMARY KEY (index_key, source_key, basis, store, unit_key)
)
;
COMMENT ON TABLE source_usage IS 'What images share: each unit of a source, its size and how many use it.'
;
COMMENT ON COLUMN source_usage.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_usage.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_usage.basis IS 'What is counted: compressed (blobs), uncompressed (tars) or on_disk (unpacked files).'
;
COMMENT ON COLUMN source_usage.store IS 'Graph driver or namespace/snapshotter; empty for blobs.'
;
COMMENT ON COLUMN source_usage.unit_key IS 'Key of what is shared: a blob, or a chain within its store.'
;
COMMENT ON COLUMN source_usage.layer_key IS 'The layer, for unpacked layers.'
;
COMMENT ON COLUMN source_usage.blob_key IS 'The blob, for blobs.'
;
COMMENT ON COLUMN source_usage.chain_key IS 'The stack, for unpacked layers.'
;
COMMENT ON COLUMN source_usage.size_bytes IS 'Size as this source states it; NULL if it does not.'
;
COMMENT ON COLUMN source_usage.image_count IS 'Listed images that use it.'
;
COMMENT ON COLUMN source_usage.repository_count IS 'Repositories with a current tag that reaches an image that uses it.'
;
CREATE TABLE sources (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    registry TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    forgotten_at TIMESTAMPTZ,
    PRIMARY KEY (index_key, source_key)
)
;
COMMENT ON TABLE sources IS 'The stores that were looked at.'
;
COMMENT ON COLUMN sources.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN sources.source_key IS 'First 63 bits of the SHA-256 of the name.'
;
COMMENT ON COLUMN sources.name IS 'What the source is called: --name, else its address.'
;
COMMENT ON COLUMN sources.kind IS 'docker-root, oci, registry-root …'
;
COMMENT ON COLUMN sources.address IS 'Where it is: kind:place.'
;
COMMENT ON COLUMN sources.fingerprint IS 'Which store it is: machine, real path, device and inode; or host; or bucket and prefix.'
;
COMMENT ON COLUMN sources.registry IS 'The registry that its repositories belong to, where it is one.'
;
COMMENT ON COLUMN sources.created_at IS 'When it was first scanned.'
;
COMMENT ON COLUMN sources.forgotten_at IS 'When it was forgotten; NULL = it counts.'
;
CREATE TABLE tags (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    repository_key BIGINT NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    target_key BIGINT,
    target_kind TEXT COLLATE "C" NOT NULL,
    set_at TIMESTAMPTZ,
    valid_from TIMESTAMPTZ,
    evidence TEXT COLLATE "C" NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    end_reason TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, repository_key, tag, first_seen_at)
)
;
COMMENT ON TABLE tags IS 'Where tags point, and pointed.'
;
COMMENT ON COLUMN tags.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN tags.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN tags.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN tags.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tags.tag IS 'The tag.'
;
COMMENT ON COLUMN tags.target_key IS 'Key of the digest it points at; NULL if listed without one.'
;
COMMENT ON COLUMN tags.target_kind IS 'image (docker''s graph drivers, archives) or manifest (all else).'
;
COMMENT ON COLUMN tags.set_at IS 'When the store says it was set; NULL if it does not say.'
;
COMMENT ON COLUMN tags.valid_from IS 'set_at if that lies after the previous look, else first_seen_at; NULL if undated.'
;
COMMENT ON COLUMN tags.evidence IS 'observed, or recovered from what lies on the disk.'
;
COMMENT ON COLUMN tags.first_seen_at IS 'When a scan first saw it so (the scan''s as_of).'
;
COMMENT ON COLUMN tags.last_seen_at IS 'When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.'
;
COMMENT ON COLUMN tags.ended_at IS 'The as_of of the scan that no longer saw it so; NULL = present.'
;
COMMENT ON COLUMN tags.end_reason IS 'Why it ended: gone, changed, unreachable or forgotten.'
;
CREATE TABLE images (
    image_key BIGINT NOT NULL,
    image_id TEXT COLLATE "C" NOT NULL,
    os TEXT COLLATE "C",
    architecture TEXT COLLATE "C",
    variant TEXT COLLATE "C",
    os_version TEXT COLLATE "C",
    platform TEXT COLLATE "C",
    created_at TIMESTAMPTZ,
    author TEXT COLLATE "C",
    run_as TEXT COLLATE "C",
    entrypoint TEXT COLLATE "C",
    cmd TEXT COLLATE "C",
    working_dir TEXT COLLATE "C",
    stop_signal TEXT COLLATE "C",
    docker_version TEXT COLLATE "C",
    layer_count BIGINT NOT NULL,
    history_count BIGINT NOT NULL,
    chain_key BIGINT,
    extra TEXT COLLATE "C",
    PRIMARY KEY (image_key),
    FOREIGN KEY (image_key) REFERENCES blobs (blob_key)
)
;
COMMENT ON TABLE images IS 'Image configs that were read. Which of them a store has, and lists, is in source_images.'
;
COMMENT ON COLUMN images.image_key IS 'Key of the image ID; the same as its config''s blob_key.'
;
COMMENT ON COLUMN images.image_id IS 'SHA-256 of the config''s bytes.'
;
COMMENT ON COLUMN images.os IS 'Operating system as written.'
;
COMMENT ON COLUMN images.architecture IS 'Architecture as written.'
;
COMMENT ON COLUMN images.variant IS 'Variant as written.'
;
COMMENT ON COLUMN images.os_version IS 'Version of the operating system as written.'
;
COMMENT ON COLUMN images.platform IS 'os/architecture[/variant], normalised.'
;
COMMENT ON COLUMN images.created_at IS 'When it was made, as the config says.'
;
COMMENT ON COLUMN images.author IS 'Author.'
;
COMMENT ON COLUMN images.run_as IS 'User that containers run as; NULL or empty = root.'
;
COMMENT ON COLUMN images.entrypoint IS 'JSON array, secrets redacted.'
;
COMMENT ON COLUMN images.cmd IS 'JSON array, secrets redacted.'
;
COMMENT ON COLUMN images.working_dir IS 'Working directory.'
;
COMMENT ON COLUMN images.stop_signal IS 'Signal that stops a container.'
;
COMMENT ON COLUMN images.docker_version IS 'Version of docker that made it.'
;
COMMENT ON COLUMN images.layer_count IS 'How many layers it has, repeats counted.'
;
COMMENT ON COLUMN images.history_count IS 'How many history entries it has, empty ones counted.'
;
COMMENT ON COLUMN images.chain_key IS 'The whole stack of its layers; NULL without layers.'
;
COMMENT ON COLUMN images.extra IS 'JSON object of keys that no column holds, secrets redacted.'
;
CREATE TABLE layer_blobs (
    layer_key BIGINT NOT NULL,
    blob_key BIGINT NOT NULL,
    evidence TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (layer_key, blob_key, evidence),
    FOREIGN KEY (blob_key) REFERENCES blobs (blob_key)
)
;
COMMENT ON TABLE layer_blobs IS 'Which blob holds which layer, and who says so.'
;
COMMENT ON COLUMN layer_blobs.layer_key IS 'The layer.'
;
COMMENT ON COLUMN layer_blobs.blob_key IS 'The blob.'
;
COMMENT ON COLUMN layer_blobs.evidence IS 'store = a store''s own record; manifest = the claim of a manifest and its config.'
;
CREATE TABLE manifests (
    manifest_key BIGINT NOT NULL,
    media_type TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    artifact_type TEXT COLLATE "C",
    config_key BIGINT,
    config_media_type TEXT COLLATE "C",
    config_bytes BIGINT,
    subject_key BIGINT,
    layer_count BIGINT NOT NULL,
    total_bytes BIGINT,
    os TEXT COLLATE "C",
    architecture TEXT COLLATE "C",
    extra TEXT COLLATE "C",
    PRIMARY KEY (manifest_key),
    FOREIGN KEY (manifest_key) REFERENCES blobs (blob_key)
)
;
COMMENT ON TABLE manifests IS 'Manifests, indexes and whatever else was read under a manifest''s digest.'
;
COMMENT ON COLUMN manifests.manifest_key IS 'Key of the manifest''s digest in blobs.'
;
COMMENT ON COLUMN manifests.media_type IS 'Media type as the body has it, else as it was served or described.'
;
COMMENT ON COLUMN manifests.kind IS 'image, index, artifact, schema1 or unknown. An image has an image config and image layers alone; a config whose os is unknown makes it an artifact.'
;
COMMENT ON COLUMN manifests.artifact_type IS 'artifactType, else for an artifact its config''s media type.'
;
COMMENT ON COLUMN manifests.config_key IS 'Key of the config''s digest; for an image that is its image ID.'
;
COMMENT ON COLUMN manifests.config_media_type IS 'Media type of the config descriptor.'
;
COMMENT ON COLUMN manifests.config_bytes IS 'Size that the config descriptor declares.'
;
COMMENT ON COLUMN manifests.subject_key IS 'Key of the manifest that this one refers to (image-spec, subject).'
;
COMMENT ON COLUMN manifests.layer_count IS 'Entries in its layer list.'
;
COMMENT ON COLUMN manifests.total_bytes IS 'Config and every layer entry as declared, repeats and foreign ones too.'
;
COMMENT ON COLUMN manifests.os IS 'Operating system, of a schema 1 manifest.'
;
COMMENT ON COLUMN manifests.architecture IS 'Architecture, of a schema 1 manifest.'
;
COMMENT ON COLUMN manifests.extra IS 'JSON object of keys that no column holds.'
;
CREATE TABLE image_env (
    image_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C",
    PRIMARY KEY (image_key, position),
    FOREIGN KEY (image_key) REFERENCES images (image_key)
)
;
COMMENT ON TABLE image_env IS 'Environment variables of images.'
;
COMMENT ON COLUMN image_env.image_key IS 'The image.'
;
COMMENT ON COLUMN image_env.position IS 'Place in the list, from 0.'
;
COMMENT ON COLUMN image_env.name IS 'Name of the variable.'
;
COMMENT ON COLUMN image_env.value IS 'Value, redacted where it looks like a secret; NULL without an equals sign.'
;
CREATE TABLE image_history (
    image_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    created_at TIMESTAMPTZ,
    created_by TEXT COLLATE "C",
    instruction TEXT COLLATE "C",
    comment TEXT COLLATE "C",
    author TEXT COLLATE "C",
    empty_layer BOOLEAN NOT NULL,
    layer_position BIGINT,
    PRIMARY KEY (image_key, position),
    FOREIGN KEY (image_key) REFERENCES images (image_key)
)
;
COMMENT ON TABLE image_history IS 'The history of each image; position 0 = oldest.'
;
COMMENT ON COLUMN image_history.image_key IS 'The image.'
;
COMMENT ON COLUMN image_history.position IS 'Place in the history, 0 = oldest.'
;
COMMENT ON COLUMN image_history.created_at IS 'When the entry was made.'
;
COMMENT ON COLUMN image_history.created_by IS 'The command that made it, secrets redacted.'
;
COMMENT ON COLUMN image_history.instruction IS 'Kind of instruction: RUN, COPY …; NULL where it cannot be told.'
;
COMMENT ON COLUMN image_history.comment IS 'Comment, secrets redacted.'
;
COMMENT ON COLUMN image_history.author IS 'Author.'
;
COMMENT ON COLUMN image_history.empty_layer IS 'It made no layer.'
;
COMMENT ON COLUMN image_history.layer_position IS 'The layer it made; NULL if none, or if history and layers do not agree.'
;
CREATE TABLE image_labels (
    image_key BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (image_key, name),
    FOREIGN KEY (image_key) REFERENCES images (image_key)
)
;
COMMENT ON TABLE image_labels IS 'Labels of images.'
;
COMMENT ON COLUMN image_labels.image_key IS 'The image.'
;
COMMENT ON COLUMN image_labels.name IS 'Name of the label.'
;
COMMENT ON COLUMN image_labels.value IS 'Value, redacted where it looks like a secret.'
;
CREATE TABLE image_layers (
    image_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    layer_key BIGINT NOT NULL,
    chain_key BIGINT NOT NULL,
    history_position BIGINT,
    PRIMARY KEY (image_key, position),
    FOREIGN KEY (image_key) REFERENCES images (image_key)
)
;
COMMENT ON TABLE image_layers IS 'The layers of each image; position 0 = base layer.'
;
COMMENT ON COLUMN image_layers.image_key IS 'The image.'
;
COMMENT ON COLUMN image_layers.position IS 'Place in the stack, 0 = base layer.'
;
COMMENT ON COLUMN image_layers.layer_key IS 'The layer.'
;
COMMENT ON COLUMN image_layers.chain_key IS 'The stack up to and with this layer.'
;
COMMENT ON COLUMN image_layers.history_position IS 'The history entry that made it; NULL if history and layers do not agree.'
;
CREATE TABLE image_ports (
    image_key BIGINT NOT NULL,
    exposed TEXT COLLATE "C" NOT NULL,
    port BIGINT,
    protocol TEXT COLLATE "C",
    PRIMARY KEY (image_key, exposed),
    FOREIGN KEY (image_key) REFERENCES images (image_key)
)
;
COMMENT ON TABLE image_ports IS 'Ports that images expose.'
;
COMMENT ON COLUMN image_ports.image_key IS 'The image.'
;
COMMENT ON COLUMN image_ports.exposed IS 'As written: 80/tcp.'
;
COMMENT ON COLUMN image_ports.port IS 'The port''s number; NULL for a range.'
;
COMMENT ON COLUMN image_ports.protocol IS 'tcp, udp or sctp.'
;
CREATE TABLE image_volumes (
    image_key BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (image_key, path),
    FOREIGN KEY (image_key) REFERENCES images (image_key)
)
;
COMMENT ON TABLE image_volumes IS 'Volumes that images declare.'
;
COMMENT ON COLUMN image_volumes.image_key IS 'The image.'
;
COMMENT ON COLUMN image_volumes.path IS 'Where the volume is mounted.'
;
CREATE TABLE index_entries (
    manifest_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    child_key BIGINT NOT NULL,
    media_type TEXT COLLATE "C",
    artifact_type TEXT COLLATE "C",
    role TEXT COLLATE "C" NOT NULL,
    declared_bytes BIGINT,
    os TEXT COLLATE "C",
    architecture TEXT COLLATE "C",
    variant TEXT COLLATE "C",
    os_version TEXT COLLATE "C",
    platform TEXT COLLATE "C",
    subject_key BIGINT,
    annotations TEXT COLLATE "C",
    extra TEXT COLLATE "C",
    PRIMARY KEY (manifest_key, position),
    FOREIGN KEY (child_key) REFERENCES blobs (blob_key),
    FOREIGN KEY (manifest_key) REFERENCES manifests (manifest_key)
)
;
COMMENT ON TABLE index_entries IS 'The entries of image indexes (docker: manifest lists), as the descriptors say.'
;
COMMENT ON COLUMN index_entries.manifest_key IS 'The index.'
;
COMMENT ON COLUMN index_entries.position IS 'Place in the index, from 0.'
;
COMMENT ON COLUMN index_entries.child_key IS 'Key of the entry''s digest.'
;
COMMENT ON COLUMN index_entries.media_type IS 'Media type of the descriptor.'
;
COMMENT ON COLUMN index_entries.artifact_type IS 'artifactType of the descriptor.'
;
COMMENT ON COLUMN index_entries.role IS 'image, index, attestation, signature, artifact or unknown, by the descriptor alone.'
;
COMMENT ON COLUMN index_entries.declared_bytes IS 'Size that the descriptor declares.'
;
COMMENT ON COLUMN index_entries.os IS 'Operating system as written.'
;
COMMENT ON COLUMN index_entries.architecture IS 'Architecture as written.'
;
COMMENT ON COLUMN index_entries.variant IS 'Variant as written.'
;
COMMENT ON COLUMN index_entries.os_version IS 'Version of the operating system as written.'
;
COMMENT ON COLUMN index_entries.platform IS 'os/architecture[/variant], normalised; NULL where it says unknown or nothing.'
;
COMMENT ON COLUMN index_entries.subject_key IS 'The manifest that an attestation is about (vnd.docker.reference.digest).'
;
COMMENT ON COLUMN index_entries.annotations IS 'JSON object of the descriptor''s annotations, secrets redacted.'
;
COMMENT ON COLUMN index_entries.extra IS 'JSON object of keys that no column holds.'
;
CREATE TABLE manifest_annotations (
    manifest_key BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (manifest_key, name),
    FOREIGN KEY (manifest_key) REFERENCES manifests (manifest_key)
)
;
COMMENT ON TABLE manifest_annotations IS 'Annotations of manifests and indexes.'
;
COMMENT ON COLUMN manifest_annotations.manifest_key IS 'The manifest or index.'
;
COMMENT ON COLUMN manifest_annotations.name IS 'Name of the annotation.'
;
COMMENT ON COLUMN manifest_annotations.value IS 'Value, redacted where it looks like a secret.'
;
CREATE TABLE manifest_history (
    manifest_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    blob_key BIGINT,
    created_at TIMESTAMPTZ,
    created_by TEXT COLLATE "C",
    instruction TEXT COLLATE "C",
    comment TEXT COLLATE "C",
    author TEXT COLLATE "C",
    empty_layer BOOLEAN NOT NULL,
    PRIMARY KEY (manifest_key, position),
    FOREIGN KEY (manifest_key) REFERENCES manifests (manifest_key)
)
;
COMMENT ON TABLE manifest_history IS 'History that schema 1 manifests carry themselves; position 0 = oldest.'
;
COMMENT ON COLUMN manifest_history.manifest_key IS 'The schema 1 manifest.'
;
COMMENT ON COLUMN manifest_history.position IS 'Place in the history, 0 = oldest.'
;
COMMENT ON COLUMN manifest_history.blob_key IS 'Key of the layer blob at the same position.'
;
COMMENT ON COLUMN manifest_history.created_at IS 'When the entry was made.'
;
COMMENT ON COLUMN manifest_history.created_by IS 'The command that made it, secrets redacted.'
;
COMMENT ON COLUMN manifest_history.instruction IS 'Kind of instruction: RUN, COPY …'
;
COMMENT ON COLUMN manifest_history.comment IS 'Comment, secrets redacted.'
;
COMMENT ON COLUMN manifest_history.author IS 'Author.'
;
COMMENT ON COLUMN manifest_history.empty_layer IS 'It made no layer (throwaway).'
;
CREATE TABLE manifest_layers (
    manifest_key BIGINT NOT NULL,
    position BIGINT NOT NULL,
    blob_key BIGINT NOT NULL,
    media_type TEXT COLLATE "C",
    declared_bytes BIGINT,
    is_foreign BOOLEAN NOT NULL,
    urls TEXT COLLATE "C",
    annotations TEXT COLLATE "C",
    PRIMARY KEY (manifest_key, position),
    FOREIGN KEY (blob_key) REFERENCES blobs (blob_key),
    FOREIGN KEY (manifest_key) REFERENCES manifests (manifest_key)
)
;
COMMENT ON TABLE manifest_layers IS 'The layer list of each manifest; position 0 = base layer.'
;
COMMENT ON COLUMN manifest_layers.manifest_key IS 'The manifest.'
;
COMMENT ON COLUMN manifest_layers.position IS 'Place in the list, 0 = base layer.'
;
COMMENT ON COLUMN manifest_layers.blob_key IS 'Key of the blob''s digest.'
;
COMMENT ON COLUMN manifest_layers.media_type IS 'Media type of the descriptor.'
;
COMMENT ON COLUMN manifest_layers.declared_bytes IS 'Size that the descriptor declares.'
;
COMMENT ON COLUMN manifest_layers.is_foreign IS 'Not distributable: its bytes come from elsewhere, and count where the blob is present.'
;
COMMENT ON COLUMN manifest_layers.urls IS 'JSON array of addresses the blob may be had from.'
;
COMMENT ON COLUMN manifest_layers.annotations IS 'JSON object of the descriptor''s annotations, secrets redacted.'
;
CREATE INDEX chains_by_parent_key ON chains (parent_key)
;
CREATE INDEX chains_by_layer_key ON chains (layer_key)
;
CREATE INDEX containers_by_image_key ON containers (image_key)
;
CREATE INDEX containers_by_chain_key ON containers (chain_key)
;
CREATE INDEX problems_by_document_key ON problems (document_key)
;
CREATE INDEX repo_digests_by_repository_key ON repo_digests (repository_key)
;
CREATE INDEX repo_digests_by_manifest_key ON repo_digests (manifest_key)
;
CREATE INDEX repo_digests_by_image_key ON repo_digests (image_key)
;
CREATE INDEX source_blobs_by_repository_key ON source_blobs (repository_key)
;
CREATE INDEX source_blobs_by_blob_key ON source_blobs (blob_key)
;
CREATE INDEX source_image_sizes_by_image_key ON source_image_sizes (image_key)
;
CREATE INDEX source_images_by_image_key ON source_images (image_key)
;
CREATE INDEX source_images_by_parent_key ON source_images (parent_key)
;
CREATE INDEX source_layers_by_chain_key ON source_layers (chain_key)
;
CREATE INDEX source_manifests_by_repository_key ON source_manifests (repository_key)
;
CREATE INDEX source_manifests_by_manifest_key ON source_manifests (manifest_key)
;
CREATE INDEX source_usage_by_layer_key ON source_usage (layer_key)
;
CREATE INDEX source_usage_by_blob_key ON source_usage (blob_key)
;
CREATE INDEX source_usage_by_chain_key ON source_usage (chain_key)
;
CREATE INDEX tags_by_repository_key ON tags (repository_key)
;
CREATE INDEX tags_by_target_key ON tags (target_key)
;
CREATE INDEX images_by_chain_key ON images (chain_key)
;
CREATE INDEX layer_blobs_by_blob_key ON layer_blobs (blob_key)
;
CREATE INDEX manifests_by_config_key ON manifests (config_key)
;
CREATE INDEX manifests_by_subject_key ON manifests (subject_key)
;
CREATE INDEX image_layers_by_layer_key ON image_layers (layer_key)
;
CREATE INDEX image_layers_by_chain_key ON image_layers (chain_key)
;
CREATE INDEX index_entries_by_child_key ON index_entries (child_key)
;
CREATE INDEX index_entries_by_subject_key ON index_entries (subject_key)
;
CREATE INDEX manifest_history_by_blob_key ON manifest_history (blob_key)
;
CREATE INDEX manifest_layers_by_blob_key ON manifest_layers (blob_key)
;
CREATE VIEW source_streams AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.name AS TEXT) AS name, CAST(v.last_complete_at AS TIMESTAMPTZ) AS last_complete_at
FROM (SELECT ranked.index_key, ranked.source_key, ranked.name, ranked.last_complete_at
FROM (
    SELECT
        s.index_key, s.source_key, s.name, c.last_complete_at,
        ROW_NUMBER() OVER (
            PARTITION BY s.source_key ORDER BY c.last_complete_at DESC NULLS LAST, s.index_key DESC
        ) AS place
    FROM sources AS s
    LEFT JOIN (
        SELECT index_key, source_key, MAX(as_of) AS last_complete_at
        FROM scans WHERE outcome = 'complete' GROUP BY index_key, source_key
    ) AS c ON c.index_key = s.index_key AND c.source_key = s.source_key
    WHERE s.forgotten_at IS NULL
) AS ranked
WHERE ranked.place = 1
) AS v
;
COMMENT ON VIEW source_streams IS 'Key: source_key. The index that speaks for each source: of those that saw it, the one with the latest complete look. Carries other views; may change.'
;
COMMENT ON COLUMN source_streams.index_key IS 'The index.'
;
COMMENT ON COLUMN source_streams.source_key IS 'The source.'
;
COMMENT ON COLUMN source_streams.name IS 'Name of the source.'
;
COMMENT ON COLUMN source_streams.last_complete_at IS 'as_of of the last complete scan.'
;
CREATE VIEW scope_looks AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.scope_key AS BIGINT) AS scope_key, CAST(v.last_complete_at AS TIMESTAMPTZ) AS last_complete_at
FROM (SELECT index_key, source_key, scope_key, MAX(as_of) AS last_complete_at
FROM scan_scopes
WHERE outcome = 'complete'
GROUP BY index_key, source_key, scope_key
) AS v
;
COMMENT ON VIEW scope_looks IS 'Key: index_key, source_key, scope_key. The last complete look at each scope. Carries other views; may change.'
;
COMMENT ON COLUMN scope_looks.index_key IS 'The index.'
;
COMMENT ON COLUMN scope_looks.source_key IS 'The source.'
;
COMMENT ON COLUMN scope_looks.scope_key IS 'The scope.'
;
COMMENT ON COLUMN scope_looks.last_complete_at IS 'as_of of the last scan that read the scope''s listing to its end.'
;
CREATE VIEW index_leaves AS
SELECT CAST(v.root_key AS BIGINT) AS root_key, CAST(v.place_1 AS BIGINT) AS place_1, CAST(v.place_2 AS BIGINT) AS place_2, CAST(v.place_3 AS BIGINT) AS place_3, CAST(v.place_4 AS BIGINT) AS place_4, CAST(v.child_key AS BIGINT) AS child_key, CAST(v.role AS TEXT) AS role, CAST(v.media_type AS TEXT) AS media_type, CAST(v.platform AS TEXT) AS platform, CAST(v.os_version AS TEXT) AS os_version, CAST(v.child_kind AS TEXT) AS child_kind, CAST(v.image_key AS BIGINT) AS image_key
FROM (SELECT e1.manifest_key AS root_key, e1.position AS place_1, CAST(-1 AS BIGINT) AS place_2, CAST(-1 AS BIGINT) AS place_3, CAST(-1 AS BIGINT) AS place_4, e1.child_key, e1.role, e1.media_type, e1.platform,
    e1.os_version,
    m1.kind AS child_kind, CASE WHEN m1.kind = 'image' THEN m1.config_key END AS image_key
FROM index_entries AS e1
LEFT JOIN manifests AS m1 ON m1.manifest_key = e1.child_key

WHERE TRUE AND COALESCE(m1.kind, '') <> 'index'
UNION ALL
SELECT e1.manifest_key AS root_key, e1.position AS place_1, e2.position AS place_2, CAST(-1 AS BIGINT) AS place_3, CAST(-1 AS BIGINT) AS place_4, e2.child_key, e2.role, e2.media_type, e2.platform,
    e2.os_version,
    m2.kind AS child_kind, CASE WHEN m2.kind = 'image' THEN m2.config_key END AS image_key
FROM index_entries AS e1
LEFT JOIN manifests AS m1 ON m1.manifest_key = e1.child_key
JOIN index_entries AS e2 ON e2.manifest_key = m1.manifest_key
LEFT JOIN manifests AS m2 ON m2.manifest_key = e2.child_key
WHERE TRUE AND m1.kind = 'index' AND COALESCE(m2.kind, '') <> 'index'
UNION ALL
SELECT e1.manifest_key AS root_key, e1.position AS place_1, e2.position AS place_2, e3.position AS place_3, CAST(-1 AS BIGINT) AS place_4, e3.child_key, e3.role, e3.media_type, e3.platform,
    e3.os_version,
    m3.kind AS child_kind, CASE WHEN m3.kind = 'image' THEN m3.config_key END AS image_key
FROM index_entries AS e1
LEFT JOIN manifests AS m1 ON m1.manifest_key = e1.child_key
JOIN index_entries AS e2 ON e2.manifest_key = m1.manifest_key
LEFT JOIN manifests AS m2 ON m2.manifest_key = e2.child_key
JOIN index_entries AS e3 ON e3.manifest_key = m2.manifest_key
LEFT JOIN manifests AS m3 ON m3.manifest_key = e3.child_key
WHERE TRUE AND m1.kind = 'index' AND m2.kind = 'index' AND COALESCE(m3.kind, '') <> 'index'
UNION ALL
SELECT e1.manifest_key AS root_key, e1.position AS place_1, e2.position AS place_2, e3.position AS place_3, e4.position AS place_4, e4.child_key, e4.role, e4.media_type, e4.platform,
    e4.os_version,
    m4.kind AS child_kind, CASE WHEN m4.kind = 'image' THEN m4.config_key END AS image_key
FROM index_entries AS e1
LEFT JOIN manifests AS m1 ON m1.manifest_key = e1.child_key
JOIN index_entries AS e2 ON e2.manifest_key = m1.manifest_key
LEFT JOIN manifests AS m2 ON m2.manifest_key = e2.child_key
JOIN index_entries AS e3 ON e3.manifest_key = m2.manifest_key
LEFT JOIN manifests AS m3 ON m3.manifest_key = e3.child_key
JOIN index_entries AS e4 ON e4.manifest_key = m3.manifest_key
LEFT JOIN manifests AS m4 ON m4.manifest_key = e4.child_key
WHERE TRUE AND m1.kind = 'index' AND m2.kind = 'index' AND m3.kind = 'index'
) AS v
;
COMMENT ON VIEW index_leaves IS 'Key: root_key, place_1, place_2, place_3, place_4. Every index unrolled, to a depth of four: what lies under it and is no index itself. Carries other views; may change.'
;
COMMENT ON COLUMN index_leaves.root_key IS 'The index.'
;
COMMENT ON COLUMN index_leaves.place_1 IS 'Position in it.'
;
COMMENT ON COLUMN index_leaves.place_2 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN index_leaves.place_3 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN index_leaves.place_4 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN index_leaves.child_key IS 'The manifest.'
;
COMMENT ON COLUMN index_leaves.role IS 'What its descriptor says it is.'
;
COMMENT ON COLUMN index_leaves.media_type IS 'Media type of its descriptor.'
;
COMMENT ON COLUMN index_leaves.platform IS 'os/architecture[/variant] of its descriptor, normalised.'
;
COMMENT ON COLUMN index_leaves.os_version IS 'Version of the operating system, as its descriptor says.'
;
COMMENT ON COLUMN index_leaves.child_kind IS 'What it is; NULL if it was not read.'
;
COMMENT ON COLUMN index_leaves.image_key IS 'Its image, if it is one.'
;
CREATE VIEW tag_targets AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.scope_key AS BIGINT) AS scope_key, CAST(v.source AS TEXT) AS source, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.target_key AS BIGINT) AS target_key, CAST(v.target_kind AS TEXT) AS target_kind
FROM (SELECT t.index_key, t.source_key, t.scope_key, s.name AS source, t.repository_key, r.name AS repository, t.tag,
    t.target_key, t.target_kind
FROM tags AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
WHERE t.ended_at IS NULL AND t.evidence = 'observed'
) AS v
;
COMMENT ON VIEW tag_targets IS 'Key: source, repository_key, tag. Current tags, by key. Carries other views; may change.'
;
COMMENT ON COLUMN tag_targets.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN tag_targets.source_key IS 'The source.'
;
COMMENT ON COLUMN tag_targets.scope_key IS 'The scope that lists it.'
;
COMMENT ON COLUMN tag_targets.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_targets.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_targets.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_targets.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_targets.target_key IS 'What it points at.'
;
COMMENT ON COLUMN tag_targets.target_kind IS 'image or manifest.'
;
CREATE VIEW tag_reach AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.manifest_key AS BIGINT) AS manifest_key, CAST(v.image_key AS BIGINT) AS image_key
FROM (SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag,
    CASE WHEN t.target_kind = 'manifest' THEN t.target_key END AS manifest_key,
    CASE WHEN t.target_kind = 'image' THEN t.target_key WHEN m.kind = 'image' THEN m.config_key END AS image_key
FROM tag_targets AS t
LEFT JOIN manifests AS m ON m.manifest_key = t.target_key AND t.target_kind = 'manifest'
WHERE t.target_key IS NOT NULL
UNION
SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.child_key AS manifest_key, l.image_key
FROM tag_targets AS t
JOIN index_leaves AS l ON l.root_key = t.target_key
WHERE t.target_kind = 'manifest'
) AS v
;
COMMENT ON VIEW tag_reach IS 'Key: source, repository_key, tag, manifest_key, image_key. What each current tag reaches: its target, and all under it where that is an index. Carries other views; may change.'
;
COMMENT ON COLUMN tag_reach.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN tag_reach.source_key IS 'The source.'
;
COMMENT ON COLUMN tag_reach.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_reach.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_reach.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_reach.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_reach.manifest_key IS 'A manifest that it reaches; NULL for a tag of an image.'
;
COMMENT ON COLUMN tag_reach.image_key IS 'The image that is, if it is one.'
;
CREATE VIEW manifest_detail AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.manifest_digest AS TEXT) AS manifest_digest, CAST(v.media_type AS TEXT) AS media_type, CAST(v.kind AS TEXT) AS kind, CAST(v.artifact_type AS TEXT) AS artifact_type, CAST(v.image_id AS TEXT) AS image_id, CAST(v.subject_digest AS TEXT) AS subject_digest, CAST(v.layer_count AS BIGINT) AS layer_count, CAST(v.size_bytes AS BIGINT) AS size_bytes
FROM (SELECT DISTINCT s.name AS source, r.name AS repository, b.digest AS manifest_digest, m.media_type, m.kind, m.artifact_type,
    c.digest AS image_id, j.digest AS subject_digest, m.layer_count, m.total_bytes AS size_bytes
FROM source_manifests AS sm
JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
JOIN repositories AS r ON r.repository_key = sm.repository_key
JOIN blobs AS b ON b.blob_key = sm.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
LEFT JOIN blobs AS c ON c.blob_key = m.config_key AND m.kind = 'image'
LEFT JOIN blobs AS j ON j.blob_key = m.subject_key
WHERE sm.ended_at IS NULL
) AS v
;
COMMENT ON VIEW manifest_detail IS 'Key: source, repository, manifest_digest. Every manifest that a source has, by repository.'
;
COMMENT ON COLUMN manifest_detail.source IS 'Name of the source.'
;
COMMENT ON COLUMN manifest_detail.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN manifest_detail.manifest_digest IS 'Digest of the manifest.'
;
COMMENT ON COLUMN manifest_detail.media_type IS 'Media type; NULL if the document was not read.'
;
COMMENT ON COLUMN manifest_detail.kind IS 'image, index, artifact, schema1 or unknown; NULL if the document was not read.'
;
COMMENT ON COLUMN manifest_detail.artifact_type IS 'artifactType, else for an artifact its config''s media type.'
;
COMMENT ON COLUMN manifest_detail.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN manifest_detail.subject_digest IS 'The manifest that it refers to.'
;
COMMENT ON COLUMN manifest_detail.layer_count IS 'Entries in its layer list.'
;
COMMENT ON COLUMN manifest_detail.size_bytes IS 'What a pull costs: config and every layer entry as declared, repeats and foreign too.'
;
CREATE VIEW manifest_reach AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.repository AS TEXT) AS repository, CAST(v.manifest_key AS BIGINT) AS manifest_key, CAST(v.by_tag AS BOOLEAN) AS by_tag, CAST(v.by_index AS BOOLEAN) AS by_index, CAST(v.by_subject AS BOOLEAN) AS by_subject
FROM (WITH inner_indexes AS (
    SELECT t.index_key, t.source_key, t.repository_key, e1.child_key AS one, e2.child_key AS two, e3.child_key AS three
    FROM tag_targets AS t
    JOIN index_entries AS e1 ON e1.manifest_key = t.target_key
    LEFT JOIN index_entries AS e2 ON e2.manifest_key = e1.child_key
    LEFT JOIN index_entries AS e3 ON e3.manifest_key = e2.child_key
    WHERE t.target_kind = 'manifest'
), under AS (
    SELECT t.index_key, t.source_key, t.repository_key, l.child_key AS manifest_key
    FROM tag_targets AS t JOIN index_leaves AS l ON l.root_key = t.target_key WHERE t.target_kind = 'manifest'
    UNION
    SELECT index_key, source_key, repository_key, one AS manifest_key FROM inner_indexes
    UNION
    SELECT index_key, source_key, repository_key, two AS manifest_key FROM inner_indexes WHERE two IS NOT NULL
    UNION
    SELECT index_key, source_key, repository_key, three AS manifest_key FROM inner_indexes WHERE three IS NOT NULL
), targets AS (
    SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.target_key AS manifest_key
    FROM tag_targets AS t WHERE t.target_kind = 'manifest' AND t.target_key IS NOT NULL
), reached AS (
    SELECT index_key, source_key, repository_key, manifest_key FROM targets
    UNION
    SELECT index_key, source_key, repository_key, manifest_key FROM under
)
SELECT p.index_key, p.source_key, p.source, p.repository_key, p.repository, p.manifest_key,
    t.manifest_key IS NOT NULL AS by_tag, u.manifest_key IS NOT NULL AS by_index, q.manifest_key IS NOT NULL AS by_subject
FROM (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.repository_key, r.name AS repository, sm.manifest_key,
        m.subject_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN repositories AS r ON r.repository_key = sm.repository_key
    LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
    WHERE sm.ended_at IS NULL
) AS p
LEFT JOIN targets AS t ON t.index_key = p.index_key AND t.source_key = p.source_key
    AND t.repository_key = p.repository_key AND t.manifest_key = p.manifest_key
LEFT JOIN under AS u ON u.index_key = p.index_key AND u.source_key = p.source_key
    AND u.repository_key = p.repository_key AND u.manifest_key = p.manifest_key
LEFT JOIN reached AS q ON q.index_key = p.index_key AND q.source_key = p.source_key
    AND q.repository_key = p.repository_key AND q.manifest_key = p.subject_key
) AS v
;
COMMENT ON VIEW manifest_reach IS 'Key: index_key, source_key, repository_key, manifest_key. What reaches each manifest, by key. Carries other views; may change.'
;
COMMENT ON COLUMN manifest_reach.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN manifest_reach.source_key IS 'The source.'
;
COMMENT ON COLUMN manifest_reach.source IS 'Name of the source.'
;
COMMENT ON COLUMN manifest_reach.repository_key IS 'The repository.'
;
COMMENT ON COLUMN manifest_reach.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN manifest_reach.manifest_key IS 'The manifest.'
;
COMMENT ON COLUMN manifest_reach.by_tag IS 'A current tag points at it.'
;
COMMENT ON COLUMN manifest_reach.by_index IS 'A current tag points at an index that it lies under.'
;
COMMENT ON COLUMN manifest_reach.by_subject IS 'It refers to a manifest that a current tag reaches.'
;
CREATE VIEW manifest_reachability AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.manifest_digest AS TEXT) AS manifest_digest, CAST(v.by_tag AS BOOLEAN) AS by_tag, CAST(v.by_index AS BOOLEAN) AS by_index, CAST(v.by_subject AS BOOLEAN) AS by_subject
FROM (SELECT p.source, p.repository, b.digest AS manifest_digest, p.by_tag, p.by_index, p.by_subject
FROM manifest_reach AS p
JOIN blobs AS b ON b.blob_key = p.manifest_key
) AS v
;
COMMENT ON VIEW manifest_reachability IS 'Key: source, repository, manifest_digest. What reaches each manifest from a current tag; nothing does = untagged.'
;
COMMENT ON COLUMN manifest_reachability.source IS 'Name of the source.'
;
COMMENT ON COLUMN manifest_reachability.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN manifest_reachability.manifest_digest IS 'Digest of the manifest.'
;
COMMENT ON COLUMN manifest_reachability.by_tag IS 'A current tag points at it.'
;
COMMENT ON COLUMN manifest_reachability.by_index IS 'A current tag points at an index that it lies under.'
;
COMMENT ON COLUMN manifest_reachability.by_subject IS 'It refers to a manifest that a current tag reaches.'
;
CREATE VIEW index_detail AS
SELECT CAST(v.index_digest AS TEXT) AS index_digest, CAST(v.position AS BIGINT) AS position, CAST(v.manifest_digest AS TEXT) AS manifest_digest, CAST(v.role AS TEXT) AS role, CAST(v.platform AS TEXT) AS platform, CAST(v.os_version AS TEXT) AS os_version
FROM (SELECT i.digest AS index_digest, e.position, b.digest AS manifest_digest,
    CASE WHEN e.role = 'image' AND m.kind IN ('artifact', 'index') THEN m.kind ELSE e.role END AS role,
    e.platform, e.os_version
FROM index_entries AS e
JOIN blobs AS i ON i.blob_key = e.manifest_key
JOIN blobs AS b ON b.blob_key = e.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e.child_key
) AS v
;
COMMENT ON VIEW index_detail IS 'Key: index_digest, position. The entries of every image index that was read.'
;
COMMENT ON COLUMN index_detail.index_digest IS 'Digest of the index.'
;
COMMENT ON COLUMN index_detail.position IS 'Place in the index, from 0.'
;
COMMENT ON COLUMN index_detail.manifest_digest IS 'Digest of the manifest.'
;
COMMENT ON COLUMN index_detail.role IS 'image, index, attestation, signature, artifact or unknown, by the descriptor; artifact also where the child says so.'
;
COMMENT ON COLUMN index_detail.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN index_detail.os_version IS 'Version of the operating system as written.'
;
CREATE VIEW referrers AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.subject_digest AS TEXT) AS subject_digest, CAST(v.manifest_digest AS TEXT) AS manifest_digest, CAST(v.artifact_type AS TEXT) AS artifact_type, CAST(v.how AS TEXT) AS how
FROM (WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.repository_key, r.name AS repository, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN repositories AS r ON r.repository_key = sm.repository_key
    WHERE sm.ended_at IS NULL
), named AS (
    SELECT t.index_key, t.source_key, t.repository_key, t.target_key, b.blob_key AS subject_key, SUBSTR(t.tag, 72) AS suffix
    FROM tag_targets AS t
    JOIN blobs AS b ON b.digest = 'sha256:' || SUBSTR(t.tag, 8, 64)
    WHERE SUBSTR(t.tag, 1, 7) = 'sha256-' AND t.target_kind = 'manifest'
), found AS (
    SELECT p.index_key, p.source_key, p.repository_key, m.subject_key, p.manifest_key, 1 AS place
    FROM present AS p JOIN manifests AS m ON m.manifest_key = p.manifest_key
    WHERE m.subject_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, e.subject_key, e.child_key AS manifest_key, 2 AS place
    FROM present AS p JOIN index_entries AS e ON e.manifest_key = p.manifest_key
    WHERE e.subject_key IS NOT NULL
    UNION ALL
    SELECT n.index_key, n.source_key, n.repository_key, n.subject_key, n.target_key AS manifest_key, 3 AS place
    FROM named AS n
    WHERE n.suffix IN ('.sig', '.att', '.sbom')
    UNION ALL
    SELECT n.index_key, n.source_key, n.repository_key, n.subject_key, e.child_key AS manifest_key, 3 AS place
    FROM named AS n JOIN index_entries AS e ON e.manifest_key = n.target_key
    WHERE n.suffix = ''
)
SELECT p.source, p.repository, j.digest AS subject_digest, b.digest AS manifest_digest, m.artifact_type,
    CASE MIN(f.place) WHEN 1 THEN 'subject' WHEN 2 THEN 'index' ELSE 'tag' END AS how
FROM found AS f
JOIN present AS p ON p.index_key = f.index_key AND p.source_key = f.source_key AND p.repository_key = f.repository_key
    AND p.manifest_key = f.manifest_key
JOIN blobs AS j ON j.blob_key = f.subject_key
JOIN blobs AS b ON b.blob_key = f.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = f.manifest_key
GROUP BY p.source, p.repository, j.digest, b.digest, m.artifact_type
) AS v
;
COMMENT ON VIEW referrers IS 'Key: source, repository, subject_digest, manifest_digest. Which manifests refer to which: signatures, attestations, SBOMs.'
;
COMMENT ON COLUMN referrers.source IS 'Name of the source.'
;
COMMENT ON COLUMN referrers.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN referrers.subject_digest IS 'What is referred to.'
;
COMMENT ON COLUMN referrers.manifest_digest IS 'Digest of the manifest.'
;
COMMENT ON COLUMN referrers.artifact_type IS 'artifactType, else for an artifact its config''s media type.'
;
COMMENT ON COLUMN referrers.how IS 'subject = it says so itself; index = an index''s attestation entry says so; tag = a tag named after the subject does.'
;
CREATE VIEW tag_history AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.target_digest AS TEXT) AS target_digest, CAST(v.valid_from AS TIMESTAMPTZ) AS valid_from, CAST(v.target_kind AS TEXT) AS target_kind, CAST(v.set_at AS TIMESTAMPTZ) AS set_at, CAST(v.first_seen_at AS TIMESTAMPTZ) AS first_seen_at, CAST(v.last_seen_at AS TIMESTAMPTZ) AS last_seen_at, CAST(v.valid_to AS TIMESTAMPTZ) AS valid_to, CAST(v.evidence AS TEXT) AS evidence
FROM (SELECT w.source, w.repository, w.tag, b.digest AS target_digest, w.valid_from, w.target_kind, w.set_at, w.first_seen_at,
    w.last_seen_at,
    CASE WHEN w.ended_at IS NULL THEN NULL WHEN w.next_from < w.ended_at THEN w.next_from ELSE w.ended_at END AS valid_to,
    w.evidence
FROM (
    SELECT
        s.name AS source, r.name AS repository, t.tag, t.target_key, t.valid_from, t.target_kind, t.set_at, t.first_seen_at,
        CASE WHEN t.ended_at IS NULL THEN GREATEST(COALESCE(t.last_seen_at, t.first_seen_at), k.last_complete_at)
            ELSE t.last_seen_at END AS last_seen_at,
        t.ended_at, t.evidence,
        LEAD(t.valid_from) OVER (
            PARTITION BY t.index_key, t.source_key, t.scope_key, t.repository_key, t.tag ORDER BY t.first_seen_at
        ) AS next_from
    FROM tags AS t
    JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
    JOIN repositories AS r ON r.repository_key = t.repository_key
    LEFT JOIN scope_looks AS k
        ON k.index_key = t.index_key AND k.source_key = t.source_key AND k.scope_key = t.scope_key
) AS w
LEFT JOIN blobs AS b ON b.blob_key = w.target_key
) AS v
;
COMMENT ON VIEW tag_history IS 'Key: source, repository, tag, target_digest, valid_from. Where tags point and pointed, as half-open intervals [valid_from, valid_to).'
;
COMMENT ON COLUMN tag_history.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_history.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_history.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_history.target_digest IS 'Digest of the manifest or image it points at; NULL if listed without one.'
;
COMMENT ON COLUMN tag_history.valid_from IS 'set_at if that lies after the previous look, else first_seen_at.'
;
COMMENT ON COLUMN tag_history.target_kind IS 'image or manifest: what the target''s digest names.'
;
COMMENT ON COLUMN tag_history.set_at IS 'When the store says it was set; NULL if it does not say.'
;
COMMENT ON COLUMN tag_history.first_seen_at IS 'Our first sight of it.'
;
COMMENT ON COLUMN tag_history.last_seen_at IS 'Our last sight of it.'
;
COMMENT ON COLUMN tag_history.valid_to IS 'When the next target took over, or the scan that missed the tag; NULL = current.'
;
COMMENT ON COLUMN tag_history.evidence IS 'observed, or recovered from what lies on the disk.'
;
CREATE VIEW current_tags AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.target_digest AS TEXT) AS target_digest, CAST(v.target_kind AS TEXT) AS target_kind, CAST(v.valid_from AS TIMESTAMPTZ) AS valid_from, CAST(v.set_at AS TIMESTAMPTZ) AS set_at, CAST(v.first_seen_at AS TIMESTAMPTZ) AS first_seen_at, CAST(v.last_seen_at AS TIMESTAMPTZ) AS last_seen_at, CAST(v.evidence AS TEXT) AS evidence
FROM (SELECT s.name AS source, r.name AS repository, t.tag, b.digest AS target_digest, t.target_kind, t.valid_from, t.set_at,
    t.first_seen_at, GREATEST(COALESCE(t.last_seen_at, t.first_seen_at), k.last_complete_at) AS last_seen_at, t.evidence
FROM tags AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
LEFT JOIN scope_looks AS k ON k.index_key = t.index_key AND k.source_key = t.source_key AND k.scope_key = t.scope_key
LEFT JOIN blobs AS b ON b.blob_key = t.target_key
WHERE t.ended_at IS NULL AND t.evidence = 'observed'
) AS v
;
COMMENT ON VIEW current_tags IS 'Key: source, repository, tag. Where each tag points now.'
;
COMMENT ON COLUMN current_tags.source IS 'Name of the source.'
;
COMMENT ON COLUMN current_tags.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN current_tags.tag IS 'The tag.'
;
COMMENT ON COLUMN current_tags.target_digest IS 'Digest of the manifest or image it points at; NULL if listed without one.'
;
COMMENT ON COLUMN current_tags.target_kind IS 'image or manifest: what the target''s digest names.'
;
COMMENT ON COLUMN current_tags.valid_from IS 'set_at if that lies after the previous look, else first_seen_at.'
;
COMMENT ON COLUMN current_tags.set_at IS 'When the store says it was set; NULL if it does not say.'
;
COMMENT ON COLUMN current_tags.first_seen_at IS 'Our first sight of it.'
;
COMMENT ON COLUMN current_tags.last_seen_at IS 'Our last sight of it.'
;
COMMENT ON COLUMN current_tags.evidence IS 'observed, or recovered from what lies on the disk.'
;
CREATE VIEW tag_moves AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.first_seen_to AS TIMESTAMPTZ) AS first_seen_to, CAST(v.to_digest AS TEXT) AS to_digest, CAST(v.from_digest AS TEXT) AS from_digest, CAST(v.last_seen_from AS TIMESTAMPTZ) AS last_seen_from, CAST(v.evidence AS TEXT) AS evidence
FROM (SELECT v.source, v.repository, v.tag, v.first_seen_to, b.digest AS to_digest, f.digest AS from_digest, v.last_seen_from,
    v.evidence
FROM (
    SELECT w.source, w.repository, w.tag, w.first_seen_at AS first_seen_to, w.target_key AS to_key, w.from_key,
        w.last_seen_from, w.evidence
    FROM (
        SELECT
            s.name AS source, r.name AS repository, t.tag, t.first_seen_at, t.target_key, t.evidence,
            LAG(t.target_key) OVER per_tag AS from_key,
            LAG(COALESCE(t.last_seen_at, t.first_seen_at)) OVER per_tag AS last_seen_from,
            ROW_NUMBER() OVER per_tag AS place
        FROM tags AS t
        JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
        JOIN repositories AS r ON r.repository_key = t.repository_key
        WINDOW per_tag AS (
            PARTITION BY t.index_key, t.source_key, t.scope_key, t.repository_key, t.tag ORDER BY t.first_seen_at
        )
    ) AS w
    WHERE w.place > 1 AND w.target_key IS DISTINCT FROM w.from_key
) AS v
LEFT JOIN blobs AS b ON b.blob_key = v.to_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
) AS v
;
COMMENT ON VIEW tag_moves IS 'Key: source, repository, tag, first_seen_to, to_digest. Every move of a tag from one target to another.'
;
COMMENT ON COLUMN tag_moves.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_moves.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_moves.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_moves.first_seen_to IS 'Our first sight of the new target.'
;
COMMENT ON COLUMN tag_moves.to_digest IS 'Where it points after the move.'
;
COMMENT ON COLUMN tag_moves.from_digest IS 'Where it pointed before.'
;
COMMENT ON COLUMN tag_moves.last_seen_from IS 'Our last sight of the old target: it moved after this.'
;
COMMENT ON COLUMN tag_moves.evidence IS 'observed, or recovered from what lies on the disk.'
;
CREATE VIEW tag_platform_moves AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.first_seen_to AS TIMESTAMPTZ) AS first_seen_to, CAST(v.to_digest AS TEXT) AS to_digest, CAST(v.from_digest AS TEXT) AS from_digest, CAST(v.last_seen_from AS TIMESTAMPTZ) AS last_seen_from, CAST(v.evidence AS TEXT) AS evidence, CAST(v.platform AS TEXT) AS platform, CAST(v.from_manifest_digest AS TEXT) AS from_manifest_digest, CAST(v.to_manifest_digest AS TEXT) AS to_manifest_digest, CAST(v.from_image_id AS TEXT) AS from_image_id, CAST(v.to_image_id AS TEXT) AS to_image_id, CAST(v.change AS TEXT) AS change
FROM (WITH moves AS (
    SELECT w.source, w.repository, w.tag, w.first_seen_at AS first_seen_to, w.target_key AS to_key, w.from_key,
        w.last_seen_from, w.evidence
    FROM (
        SELECT
            s.name AS source, r.name AS repository, t.tag, t.first_seen_at, t.target_key, t.evidence,
            LAG(t.target_key) OVER per_tag AS from_key,
            LAG(COALESCE(t.last_seen_at, t.first_seen_at)) OVER per_tag AS last_seen_from,
            ROW_NUMBER() OVER per_tag AS place
        FROM tags AS t
        JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
        JOIN repositories AS r ON r.repository_key = t.repository_key
        WINDOW per_tag AS (
            PARTITION BY t.index_key, t.source_key, t.scope_key, t.repository_key, t.tag ORDER BY t.first_seen_at
        )
    ) AS w
    WHERE w.place > 1 AND w.target_key IS DISTINCT FROM w.from_key
), leaves AS (
    SELECT l.root_key, l.place_1, l.place_2, l.place_3, l.place_4, l.child_key AS manifest_key, l.image_key,
        COALESCE(l.platform, i.platform, 'unknown') AS platform
    FROM index_leaves AS l
    LEFT JOIN images AS i ON i.image_key = l.image_key
    WHERE l.role IN ('image', 'unknown') AND (l.child_kind = 'image' OR (l.child_kind IS NULL AND (l.role = 'image' OR (l.role = 'unknown' AND l.media_type IS NULL))))
    UNION ALL
    SELECT m.manifest_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, m.manifest_key,
        m.config_key AS image_key, COALESCE(i.platform, 'unknown') AS platform
    FROM manifests AS m
    LEFT JOIN images AS i ON i.image_key = m.config_key
    WHERE m.kind = 'image'
    UNION ALL
    SELECT i.image_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, NULL AS manifest_key,
        i.image_key, COALESCE(i.platform, 'unknown') AS platform
    FROM images AS i
), gone AS (
    SELECT n.source, n.repository, n.tag, n.first_seen_to, n.to_key, n.platform, n.manifest_key, n.image_key
    FROM (
        SELECT v.source, v.repository, v.tag, v.first_seen_to, v.to_key, l.platform, l.manifest_key, l.image_key,
            ROW_NUMBER() OVER (
                PARTITION BY v.source, v.repository, v.tag, v.first_seen_to, v.to_key, l.platform
                ORDER BY l.place_1, l.place_2, l.place_3, l.place_4
            ) AS place
        FROM moves AS v
        JOIN leaves AS l ON l.root_key = v.from_key
        LEFT JOIN leaves AS x ON x.root_key = v.to_key AND x.platform = l.platform
            AND COALESCE(x.manifest_key, x.image_key) = COALESCE(l.manifest_key, l.image_key)
        WHERE x.root_key IS NULL
    ) AS n
    WHERE n.place = 1
), come AS (
    SELECT n.source, n.repository, n.tag, n.first_seen_to, n.to_key, n.platform, n.manifest_key, n.image_key
    FROM (
        SELECT v.source, v.repository, v.tag, v.first_seen_to, v.to_key, l.platform, l.manifest_key, l.image_key,
            ROW_NUMBER() OVER (
                PARTITION BY v.source, v.repository, v.tag, v.first_seen_to, v.to_key, l.platform
                ORDER BY l.place_1, l.place_2, l.place_3, l.place_4
            ) AS place
        FROM moves AS v
        JOIN leaves AS l ON l.root_key = v.to_key
        LEFT JOIN leaves AS x ON x.root_key = v.from_key AND x.platform = l.platform
            AND COALESCE(x.manifest_key, x.image_key) = COALESCE(l.manifest_key, l.image_key)
        WHERE x.root_key IS NULL
    ) AS n
    WHERE n.place = 1
), both_sides AS (
    SELECT
        COALESCE(g.source, c.source) AS source, COALESCE(g.tag, c.tag) AS tag,
        CASE WHEN g.tag IS NULL THEN c.repository ELSE g.repository END AS repository,
        COALESCE(g.first_seen_to, c.first_seen_to) AS first_seen_to,
        CASE WHEN g.tag IS NULL THEN c.to_key ELSE g.to_key END AS to_key,
        COALESCE(g.platform, c.platform) AS platform,
        g.manifest_key AS from_manifest, g.image_key AS from_image, c.manifest_key AS to_manifest, c.image_key AS to_image,
        CASE WHEN g.tag IS NULL THEN 'added' WHEN c.tag IS NULL THEN 'removed' ELSE 'moved' END AS change
    FROM gone AS g
    FULL JOIN come AS c ON c.source = g.source AND COALESCE(c.repository, '') = COALESCE(g.repository, '') AND c.tag = g.tag
        AND c.first_seen_to = g.first_seen_to AND COALESCE(c.to_key, -1) = COALESCE(g.to_key, -1) AND c.platform = g.platform
)
SELECT o.source, o.repository, o.tag, o.first_seen_to, b.digest AS to_digest, f.digest AS from_digest, v.last_seen_from,
    v.evidence, o.platform, fm.digest AS from_manifest_digest, tm.digest AS to_manifest_digest,
    fi.digest AS from_image_id, ti.digest AS to_image_id, o.change
FROM both_sides AS o
JOIN moves AS v ON v.source = o.source AND COALESCE(v.repository, '') = COALESCE(o.repository, '') AND v.tag = o.tag
    AND v.first_seen_to = o.first_seen_to AND COALESCE(v.to_key, -1) = COALESCE(o.to_key, -1)
LEFT JOIN blobs AS b ON b.blob_key = v.to_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
LEFT JOIN blobs AS fm ON fm.blob_key = o.from_manifest
LEFT JOIN blobs AS tm ON tm.blob_key = o.to_manifest
LEFT JOIN blobs AS fi ON fi.blob_key = o.from_image
LEFT JOIN blobs AS ti ON ti.blob_key = o.to_image
) AS v
;
COMMENT ON VIEW tag_platform_moves IS 'Key: source, repository, tag, first_seen_to, to_digest, platform. What each move of a tag changed, platform by platform; a platform that stayed has no row.'
;
COMMENT ON COLUMN tag_platform_moves.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_platform_moves.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_platform_moves.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_platform_moves.first_seen_to IS 'Our first sight of the new target.'
;
COMMENT ON COLUMN tag_platform_moves.to_digest IS 'Where it points after the move.'
;
COMMENT ON COLUMN tag_platform_moves.from_digest IS 'Where it pointed before.'
;
COMMENT ON COLUMN tag_platform_moves.last_seen_from IS 'Our last sight of the old target: it moved after this.'
;
COMMENT ON COLUMN tag_platform_moves.evidence IS 'observed, or recovered from what lies on the disk.'
;
COMMENT ON COLUMN tag_platform_moves.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN tag_platform_moves.from_manifest_digest IS 'The platform''s manifest before.'
;
COMMENT ON COLUMN tag_platform_moves.to_manifest_digest IS 'The platform''s manifest after.'
;
COMMENT ON COLUMN tag_platform_moves.from_image_id IS 'The platform''s image before.'
;
COMMENT ON COLUMN tag_platform_moves.to_image_id IS 'The platform''s image after.'
;
COMMENT ON COLUMN tag_platform_moves.change IS 'moved, added or removed.'
;
CREATE VIEW tag_images AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.position AS BIGINT) AS position, CAST(v.platform AS TEXT) AS platform, CAST(v.os_version AS TEXT) AS os_version, CAST(v.manifest_digest AS TEXT) AS manifest_digest, CAST(v.image_id AS TEXT) AS image_id, CAST(v.missing AS BOOLEAN) AS missing
FROM (WITH found AS (
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, t.target_key AS manifest_key,
        m.config_key AS image_key, CAST(NULL AS TEXT) AS platform, CAST(NULL AS TEXT) AS os_version,
        CAST(0 AS BIGINT) AS place_1, CAST(0 AS BIGINT) AS place_2, CAST(0 AS BIGINT) AS place_3, CAST(0 AS BIGINT) AS place_4
    FROM tag_targets AS t
    JOIN manifests AS m ON m.manifest_key = t.target_key
    WHERE t.target_kind = 'manifest' AND m.kind = 'image'
    UNION ALL
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, NULL AS manifest_key,
        t.target_key AS image_key, NULL AS platform, NULL AS os_version, 0, 0, 0, 0
    FROM tag_targets AS t
    WHERE t.target_kind = 'image'
    UNION ALL
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.child_key AS manifest_key,
        l.image_key, l.platform, l.os_version, l.place_1, l.place_2, l.place_3, l.place_4
    FROM tag_targets AS t
    JOIN index_leaves AS l ON l.root_key = t.target_key
    WHERE t.target_kind = 'manifest'
        AND (l.child_kind IN ('image', 'schema1') OR (l.child_kind IS NULL AND (l.role = 'image' OR (l.role = 'unknown' AND l.media_type IS NULL))))
), rows_of_tags AS (
    SELECT * FROM found
    UNION ALL
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, t.target_key AS manifest_key,
        NULL AS image_key, NULL AS platform, NULL AS os_version, 0, 0, 0, 0
    FROM tag_targets AS t
    WHERE NOT EXISTS (
        SELECT 1 FROM found AS f
        WHERE f.index_key = t.index_key AND f.source_key = t.source_key AND f.repository_key = t.repository_key AND f.tag = t.tag
    )
)
SELECT
    r.source, r.repository, r.tag,
    ROW_NUMBER() OVER (
        PARTITION BY r.source, r.repository_key, r.tag ORDER BY r.place_1, r.place_2, r.place_3, r.place_4
    ) - 1 AS position,
    COALESCE(r.platform, i.platform) AS platform, COALESCE(r.os_version, i.os_version) AS os_version,
    mb.digest AS manifest_digest, ib.digest AS image_id,
    r.manifest_key IS NOT NULL AND p.manifest_key IS NULL AS missing
FROM rows_of_tags AS r
LEFT JOIN images AS i ON i.image_key = r.image_key
LEFT JOIN blobs AS mb ON mb.blob_key = r.manifest_key
LEFT JOIN blobs AS ib ON ib.blob_key = r.image_key
LEFT JOIN (
    SELECT DISTINCT index_key, source_key, repository_key, manifest_key FROM source_manifests WHERE ended_at IS NULL
) AS p ON p.index_key = r.index_key AND p.source_key = r.source_key AND p.repository_key = r.repository_key
    AND p.manifest_key = r.manifest_key
) AS v
;
COMMENT ON VIEW tag_images IS 'Key: source, repository, tag, position. The images that each current tag stands for, one a platform; a tag of something else has one row without an image.'
;
COMMENT ON COLUMN tag_images.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_images.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_images.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_images.position IS 'Place among the tag''s images, in the order of the index.'
;
COMMENT ON COLUMN tag_images.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN tag_images.os_version IS 'Version of the operating system, which tells Windows images apart.'
;
COMMENT ON COLUMN tag_images.manifest_digest IS 'Digest of the manifest.'
;
COMMENT ON COLUMN tag_images.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN tag_images.missing IS 'The manifest is named, and the source does not have it.'
;
CREATE VIEW layer_usage AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.store AS TEXT) AS store, CAST(v.unit AS TEXT) AS unit, CAST(v.diff_id AS TEXT) AS diff_id, CAST(v.blob_digest AS TEXT) AS blob_digest, CAST(v.chain_id AS TEXT) AS chain_id, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.repository_count AS BIGINT) AS repository_count
FROM (SELECT s.name AS source, u.basis, NULLIF(u.store, '') AS store, COALESCE(c.chain_id, b.digest) AS unit,
    l.diff_id, b.digest AS blob_digest, c.chain_id, u.size_bytes, u.image_count, u.repository_count
FROM source_usage AS u
JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
LEFT JOIN (SELECT blob_key, MIN(layer_key) AS layer_key FROM layer_blobs GROUP BY blob_key) AS bl ON bl.blob_key = u.blob_key
LEFT JOIN (SELECT layer_key, MIN(blob_key) AS blob_key FROM layer_blobs GROUP BY layer_key) AS lb ON lb.layer_key = u.layer_key
LEFT JOIN layers AS l ON l.layer_key = COALESCE(u.layer_key, bl.layer_key)
LEFT JOIN blobs AS b ON b.blob_key = COALESCE(u.blob_key, lb.blob_key)
LEFT JOIN chains AS c ON c.chain_key = u.chain_key
) AS v
;
COMMENT ON VIEW layer_usage IS 'Key: source, basis, store, unit. What images share: each blob, or each stack within its store, with its size and how many use it.'
;
COMMENT ON COLUMN layer_usage.source IS 'Name of the source.'
;
COMMENT ON COLUMN layer_usage.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN layer_usage.store IS 'Graph driver or namespace/snapshotter; NULL for blobs.'
;
COMMENT ON COLUMN layer_usage.unit IS 'Digest of the blob, or chain ID.'
;
COMMENT ON COLUMN layer_usage.diff_id IS 'The layer; NULL if no config that was read says which.'
;
COMMENT ON COLUMN layer_usage.blob_digest IS 'The blob that holds it; the first by digest if there are several.'
;
COMMENT ON COLUMN layer_usage.chain_id IS 'The stack it is the top of; NULL for blobs.'
;
COMMENT ON COLUMN layer_usage.size_bytes IS 'Size as this source states it; NULL if it does not.'
;
COMMENT ON COLUMN layer_usage.image_count IS 'Listed images that use it.'
;
COMMENT ON COLUMN layer_usage.repository_count IS 'Repositories with a current tag that reaches an image that uses it.'
;
CREATE VIEW layer_blob_detail AS
SELECT CAST(v.diff_id AS TEXT) AS diff_id, CAST(v.blob_digest AS TEXT) AS blob_digest, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.evidence AS TEXT) AS evidence
FROM (SELECT l.diff_id, b.digest AS blob_digest, COALESCE(b.size_bytes, h.held_bytes, h.declared_bytes) AS size_bytes, e.evidence
FROM (
    SELECT layer_key, blob_key, STRING_AGG(evidence, ',' ORDER BY evidence) AS evidence
    FROM layer_blobs GROUP BY layer_key, blob_key
) AS e
JOIN layers AS l ON l.layer_key = e.layer_key
JOIN blobs AS b ON b.blob_key = e.blob_key
LEFT JOIN (
    SELECT blob_key, MAX(CASE WHEN bytes_evidence = 'held' THEN bytes END) AS held_bytes,
        MAX(CASE WHEN bytes_evidence = 'declared' THEN bytes END) AS declared_bytes
    FROM source_blobs GROUP BY blob_key
) AS h ON h.blob_key = e.blob_key
) AS v
;
COMMENT ON VIEW layer_blob_detail IS 'Key: diff_id, blob_digest. Which blob holds which layer, and who says so.'
;
COMMENT ON COLUMN layer_blob_detail.diff_id IS 'Digest of the layer''s uncompressed tar.'
;
COMMENT ON COLUMN layer_blob_detail.blob_digest IS 'Digest of the blob.'
;
COMMENT ON COLUMN layer_blob_detail.size_bytes IS 'Size of the blob: verified, else as a source holds it, else as declared.'
;
COMMENT ON COLUMN layer_blob_detail.evidence IS 'store = a store''s own record; manifest = a manifest and its config; joined by a comma.'
;
CREATE VIEW source_blob_sizes AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.blob_key AS BIGINT) AS blob_key, CAST(v.bytes AS BIGINT) AS bytes, CAST(v.is_held AS BOOLEAN) AS is_held
FROM (SELECT x.index_key, x.source_key, x.blob_key,
    COALESCE(MAX(CASE WHEN x.bytes_evidence = 'held' THEN x.bytes END), MAX(x.bytes)) AS bytes,
    BOOL_OR(x.bytes_evidence = 'held') AS is_held
FROM source_blobs AS x
JOIN source_streams AS s ON s.index_key = x.index_key AND s.source_key = x.source_key
WHERE x.ended_at IS NULL
GROUP BY x.index_key, x.source_key, x.blob_key
) AS v
;
COMMENT ON VIEW source_blob_sizes IS 'Key: index_key, source_key, blob_key. The size of each blob that a source has or declares: as held, else the largest that is declared. Carries other views; may change.'
;
COMMENT ON COLUMN source_blob_sizes.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN source_blob_sizes.source_key IS 'The source.'
;
COMMENT ON COLUMN source_blob_sizes.blob_key IS 'The blob.'
;
COMMENT ON COLUMN source_blob_sizes.bytes IS 'Size in bytes; NULL if the source does not say.'
;
COMMENT ON COLUMN source_blob_sizes.is_held IS 'The store has it; else a descriptor says so.'
;
CREATE VIEW repository_sizes AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag_count AS BIGINT) AS tag_count, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.layer_bytes AS BIGINT) AS layer_bytes, CAST(v.config_bytes AS BIGINT) AS config_bytes, CAST(v.manifest_bytes AS BIGINT) AS manifest_bytes, CAST(v.exclusive_layer_bytes AS BIGINT) AS exclusive_layer_bytes, CAST(v.untagged_manifest_count AS BIGINT) AS untagged_manifest_count, CAST(v.untagged_bytes AS BIGINT) AS untagged_bytes
FROM (WITH present AS (
    SELECT r.index_key, r.source_key, r.repository_key, r.manifest_key, m.kind, m.config_key,
        r.by_tag OR r.by_index OR r.by_subject AS reached
    FROM manifest_reach AS r
    LEFT JOIN manifests AS m ON m.manifest_key = r.manifest_key
), manifest_blobs AS (
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.manifest_key AS blob_key,
        'manifest' AS part
    FROM present AS p
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.config_key AS blob_key,
        'config' AS part
    FROM present AS p WHERE p.config_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, ml.blob_key, 'layer' AS part
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    LEFT JOIN source_blob_sizes AS f ON ml.is_foreign AND f.index_key = p.index_key AND f.source_key = p.source_key
        AND f.blob_key = ml.blob_key AND f.is_held
    WHERE NOT ml.is_foreign OR f.blob_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, e.child_key AS blob_key,
        'layer' AS part
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key AND e.role = 'unknown' AND e.media_type IS NOT NULL
), reach_images AS (
    SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.manifest_key, t.image_key
    FROM tag_reach AS t
    LEFT JOIN present AS p ON p.index_key = t.index_key AND p.source_key = t.source_key
        AND p.repository_key = t.repository_key AND p.manifest_key = t.manifest_key
    WHERE t.image_key IS NOT NULL AND (t.manifest_key IS NULL OR p.manifest_key IS NOT NULL)
), units AS (
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, ml.blob_key AS unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN manifest_layers AS ml ON ml.manifest_key = ri.manifest_key
    JOIN source_usage AS u ON u.index_key = ri.index_key AND u.source_key = ri.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    UNION
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, il.chain_key AS unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN image_layers AS il ON il.image_key = ri.image_key
    JOIN source_usage AS u ON u.index_key = ri.index_key AND u.source_key = ri.source_key
        AND u.basis <> 'compressed' AND u.unit_key = il.chain_key
    WHERE ri.manifest_key IS NULL
), layer_sums AS (
    SELECT k.index_key, k.source_key, k.repository_key, CASE WHEN SUM(k.size_bytes) <= 9223372036854775807 THEN CAST(SUM(k.size_bytes) AS BIGINT) END AS layer_bytes,
        CASE WHEN SUM(CASE WHEN k.repositories = 1 THEN k.size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN k.repositories = 1 THEN k.size_bytes ELSE 0 END) AS BIGINT) END AS exclusive_layer_bytes
    FROM (
        SELECT index_key, source_key, repository_key, size_bytes,
            COUNT(*) OVER (PARTITION BY index_key, source_key, unit_key) AS repositories
        FROM units
    ) AS k
    GROUP BY k.index_key, k.source_key, k.repository_key
), config_sums AS (
    SELECT d.index_key, d.source_key, d.repository_key, COUNT(*) AS image_count,
        CASE WHEN SUM(COALESCE(z.bytes, b.size_bytes)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(z.bytes, b.size_bytes)) AS BIGINT) END AS config_bytes
    FROM (SELECT DISTINCT index_key, source_key, repository_key, image_key FROM reach_images) AS d
    JOIN blobs AS b ON b.blob_key = d.image_key
    LEFT JOIN source_blob_sizes AS z ON z.index_key = d.index_key AND z.source_key = d.source_key AND z.blob_key = d.image_key
    GROUP BY d.index_key, d.source_key, d.repository_key
), classes AS (
    SELECT mb.index_key, mb.source_key, mb.repository_key, mb.blob_key, BOOL_OR(mb.reached) AS reached,
        BOOL_OR(mb.reached AND mb.part = 'manifest') AS reached_manifest
    FROM manifest_blobs AS mb
    GROUP BY mb.index_key, mb.source_key, mb.repository_key, mb.blob_key
), class_sums AS (
    SELECT c.index_key, c.source_key, c.repository_key,
        CASE WHEN SUM(CASE WHEN c.reached_manifest THEN z.bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN c.reached_manifest THEN z.bytes ELSE 0 END) AS BIGINT) END AS manifest_bytes,
        CASE WHEN SUM(CASE WHEN NOT c.reached THEN z.bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN NOT c.reached THEN z.bytes ELSE 0 END) AS BIGINT) END AS untagged_bytes
    FROM classes AS c
    LEFT JOIN source_blob_sizes AS z ON z.index_key = c.index_key AND z.source_key = c.source_key AND z.blob_key = c.blob_key
    GROUP BY c.index_key, c.source_key, c.repository_key
), tag_sums AS (
    SELECT index_key, source_key, repository_key, COUNT(*) AS tag_count
    FROM tag_targets GROUP BY index_key, source_key, repository_key
), untagged AS (
    SELECT index_key, source_key, repository_key, COUNT(*) AS untagged_manifest_count
    FROM present WHERE NOT reached GROUP BY index_key, source_key, repository_key
), known AS (
    SELECT index_key, source_key, repository_key FROM tag_sums
    UNION
    SELECT index_key, source_key, repository_key FROM present
)
SELECT s.name AS source, r.name AS repository, COALESCE(t.tag_count, 0) AS tag_count,
    COALESCE(c.image_count, 0) AS image_count,
    CASE WHEN l.index_key IS NULL THEN 0 ELSE l.layer_bytes END AS layer_bytes,
    CASE WHEN c.index_key IS NULL THEN 0 ELSE c.config_bytes END AS config_bytes,
    CASE WHEN k.index_key IS NULL THEN 0 ELSE k.manifest_bytes END AS manifest_bytes,
    CASE WHEN l.index_key IS NULL THEN 0 ELSE l.exclusive_layer_bytes END AS exclusive_layer_bytes,
    COALESCE(u.untagged_manifest_count, 0) AS untagged_manifest_count,
    CASE WHEN k.index_key IS NULL THEN 0 ELSE k.untagged_bytes END AS untagged_bytes
FROM known AS n
JOIN source_streams AS s ON s.index_key = n.index_key AND s.source_key = n.source_key
JOIN repositories AS r ON r.repository_key = n.repository_key
LEFT JOIN tag_sums AS t ON t.index_key = n.index_key AND t.source_key = n.source_key AND t.repository_key = n.repository_key
LEFT JOIN layer_sums AS l ON l.index_key = n.index_key AND l.source_key = n.source_key AND l.repository_key = n.repository_key
LEFT JOIN config_sums AS c ON c.index_key = n.index_key AND c.source_key = n.source_key AND c.repository_key = n.repository_key
LEFT JOIN class_sums AS k ON k.index_key = n.index_key AND k.source_key = n.source_key AND k.repository_key = n.repository_key
LEFT JOIN untagged AS u ON u.index_key = n.index_key AND u.source_key = n.source_key AND u.repository_key = n.repository_key
) AS v
;
COMMENT ON VIEW repository_sizes IS 'Key: source, repository. What each repository of a source costs.'
;
COMMENT ON COLUMN repository_sizes.source IS 'Name of the source.'
;
COMMENT ON COLUMN repository_sizes.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN repository_sizes.tag_count IS 'Current tags.'
;
COMMENT ON COLUMN repository_sizes.image_count IS 'Images that they reach.'
;
COMMENT ON COLUMN repository_sizes.layer_bytes IS 'Distinct layers of those images; unpacked where the source has no blobs.'
;
COMMENT ON COLUMN repository_sizes.config_bytes IS 'Distinct configs of those images.'
;
COMMENT ON COLUMN repository_sizes.manifest_bytes IS 'Distinct manifests and indexes that current tags reach.'
;
COMMENT ON COLUMN repository_sizes.exclusive_layer_bytes IS 'Of the layers, those that no other repository of the source uses.'
;
COMMENT ON COLUMN repository_sizes.untagged_manifest_count IS 'Manifests that no current tag reaches in any way.'
;
COMMENT ON COLUMN repository_sizes.untagged_bytes IS 'What only those manifests need within the repository.'
;
CREATE VIEW source_sizes AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.layer_count AS BIGINT) AS layer_count, CAST(v.referenced_bytes AS BIGINT) AS referenced_bytes, CAST(v.distinct_bytes AS BIGINT) AS distinct_bytes, CAST(v.stored_bytes AS BIGINT) AS stored_bytes, CAST(v.document_bytes AS BIGINT) AS document_bytes, CAST(v.artifact_bytes AS BIGINT) AS artifact_bytes, CAST(v.untagged_bytes AS BIGINT) AS untagged_bytes, CAST(v.orphan_bytes AS BIGINT) AS orphan_bytes, CAST(v.missing_bytes AS BIGINT) AS missing_bytes
FROM (WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, sm.repository_key, sm.manifest_key, m.kind, m.config_key,
        r.by_tag OR r.by_index OR r.by_subject OR COALESCE(si.listed, y.scope_key IS NOT NULL) AS reached
    FROM source_manifests AS sm
    JOIN manifest_reach AS r ON r.index_key = sm.index_key AND r.source_key = sm.source_key
        AND r.repository_key = sm.repository_key AND r.manifest_key = sm.manifest_key
    LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
    LEFT JOIN source_images AS si ON si.index_key = sm.index_key AND si.source_key = sm.source_key
        AND si.scope_key = sm.scope_key AND si.image_key = m.config_key AND m.kind = 'image' AND si.ended_at IS NULL
    LEFT JOIN (
        SELECT DISTINCT index_key, source_key, scope_key FROM scan_scopes WHERE kind = 'layout'
    ) AS y ON y.index_key = sm.index_key AND y.source_key = sm.source_key AND y.scope_key = sm.scope_key
    WHERE sm.ended_at IS NULL
), manifest_blobs AS (
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.manifest_key AS blob_key,
        'manifest' AS part
    FROM present AS p
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.config_key AS blob_key,
        'config' AS part
    FROM present AS p WHERE p.config_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, ml.blob_key, 'layer' AS part
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    LEFT JOIN source_blob_sizes AS f ON ml.is_foreign AND f.index_key = p.index_key AND f.source_key = p.source_key
        AND f.blob_key = ml.blob_key AND f.is_held
    WHERE NOT ml.is_foreign OR f.blob_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, e.child_key AS blob_key,
        'layer' AS part
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key AND e.role = 'unknown' AND e.media_type IS NOT NULL
), blob_classes AS (
    SELECT z.index_key, z.source_key, z.blob_key, z.bytes, z.is_held,
        CASE
            WHEN u.image_count > 0 THEN 'distinct'
            WHEN k.reached_document THEN 'document'
            WHEN k.reached_artifact THEN 'artifact'
            WHEN k.blob_key IS NOT NULL THEN 'untagged'
            ELSE 'orphan'
        END AS class
    FROM source_blob_sizes AS z
    LEFT JOIN source_usage AS u ON u.index_key = z.index_key AND u.source_key = z.source_key
        AND u.basis = 'compressed' AND u.unit_key = z.blob_key
    LEFT JOIN (
        SELECT mb.index_key, mb.source_key, mb.blob_key,
            BOOL_OR(mb.reached AND mb.part <> 'layer' AND COALESCE(mb.kind, 'image') <> 'artifact') AS reached_document,
            BOOL_OR(mb.reached) AS reached_artifact
        FROM manifest_blobs AS mb
        GROUP BY mb.index_key, mb.source_key, mb.blob_key
    ) AS k ON k.index_key = z.index_key AND k.source_key = z.source_key AND k.blob_key = z.blob_key
), layer_classes AS (
    SELECT u.index_key, u.source_key, u.basis, u.size_bytes,
        CASE WHEN u.image_count > 0 THEN 'distinct' WHEN x.chain_key IS NOT NULL THEN 'untagged' ELSE 'orphan' END AS class
    FROM source_usage AS u
    LEFT JOIN (
        SELECT DISTINCT si.index_key, si.source_key, il.chain_key
        FROM source_images AS si JOIN image_layers AS il ON il.image_key = si.image_key
        WHERE si.ended_at IS NULL
    ) AS x ON x.index_key = u.index_key AND x.source_key = u.source_key AND x.chain_key = u.chain_key
    WHERE u.basis <> 'compressed'
), classes AS (
    SELECT index_key, source_key, 'compressed' AS basis, bytes AS size_bytes, class, NOT is_held AS is_missing
    FROM blob_classes
    UNION ALL
    SELECT index_key, source_key, basis, size_bytes, class, FALSE AS is_missing FROM layer_classes
), stored AS (
    SELECT index_key, source_key, basis,
        CASE WHEN SUM(CASE WHEN class = 'distinct' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'distinct' THEN size_bytes ELSE 0 END) AS BIGINT) END AS distinct_bytes,
        CASE WHEN SUM(COALESCE(size_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(size_bytes, 0)) AS BIGINT) END AS stored_bytes,
        CASE WHEN SUM(CASE WHEN class = 'document' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'document' THEN size_bytes ELSE 0 END) AS BIGINT) END AS document_bytes,
        CASE WHEN SUM(CASE WHEN class = 'artifact' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'artifact' THEN size_bytes ELSE 0 END) AS BIGINT) END AS artifact_bytes,
        CASE WHEN SUM(CASE WHEN class = 'untagged' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'untagged' THEN size_bytes ELSE 0 END) AS BIGINT) END AS untagged_bytes,
        CASE WHEN SUM(CASE WHEN class = 'orphan' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'orphan' THEN size_bytes ELSE 0 END) AS BIGINT) END AS orphan_bytes,
        CASE WHEN SUM(CASE WHEN is_missing THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN is_missing THEN size_bytes ELSE 0 END) AS BIGINT) END AS missing_bytes
    FROM classes GROUP BY index_key, source_key, basis
), used AS (
    SELECT index_key, source_key, basis, SUM(CASE WHEN image_count > 0 THEN 1 ELSE 0 END) AS layer_count,
        CASE WHEN SUM(COALESCE(CAST(size_bytes AS DECIMAL(38, 0)) * image_count, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(CAST(size_bytes AS DECIMAL(38, 0)) * image_count, 0)) AS BIGINT) END AS referenced_bytes
    FROM source_usage GROUP BY index_key, source_key, basis
), listed AS (
    SELECT index_key, source_key, basis, COUNT(*) AS image_count
    FROM source_image_sizes GROUP BY index_key, source_key, basis
), by_basis AS (
    SELECT t.index_key, t.source_key, t.basis, COALESCE(l.image_count, 0) AS image_count,
        COALESCE(CAST(u.layer_count AS BIGINT), 0) AS layer_count, COALESCE(u.referenced_bytes, 0) AS referenced_bytes,
        t.distinct_bytes, t.stored_bytes, t.document_bytes, t.artifact_bytes, t.untagged_bytes, t.orphan_bytes, t.missing_bytes
    FROM stored AS t
    LEFT JOIN used AS u ON u.index_key = t.index_key AND u.source_key = t.source_key AND u.basis = t.basis
    LEFT JOIN listed AS l ON l.index_key = t.index_key AND l.source_key = t.source_key AND l.basis = t.basis
)
SELECT s.name AS source, k.basis, k.image_count, k.layer_count, k.referenced_bytes, k.distinct_bytes, k.stored_bytes, k.document_bytes, k.artifact_bytes, k.untagged_bytes, k.orphan_bytes, k.missing_bytes
FROM by_basis AS k
JOIN source_streams AS s ON s.index_key = k.index_key AND s.source_key = k.source_key
UNION ALL
SELECT s.name AS source, 'total' AS basis, MAX(COALESCE(i.image_count, 0)) AS image_count,
    CASE WHEN SUM(COALESCE(k.layer_count, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.layer_count, 0)) AS BIGINT) END AS layer_count, CASE WHEN SUM(COALESCE(k.referenced_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.referenced_bytes, 0)) AS BIGINT) END AS referenced_bytes, CASE WHEN SUM(COALESCE(k.distinct_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.distinct_bytes, 0)) AS BIGINT) END AS distinct_bytes, CASE WHEN SUM(COALESCE(k.stored_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.stored_bytes, 0)) AS BIGINT) END AS stored_bytes, CASE WHEN SUM(COALESCE(k.document_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.document_bytes, 0)) AS BIGINT) END AS document_bytes, CASE WHEN SUM(COALESCE(k.artifact_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.artifact_bytes, 0)) AS BIGINT) END AS artifact_bytes, CASE WHEN SUM(COALESCE(k.untagged_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.untagged_bytes, 0)) AS BIGINT) END AS untagged_bytes, CASE WHEN SUM(COALESCE(k.orphan_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.orphan_bytes, 0)) AS BIGINT) END AS orphan_bytes, CASE WHEN SUM(COALESCE(k.missing_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.missing_bytes, 0)) AS BIGINT) END AS missing_bytes
FROM source_streams AS s
LEFT JOIN by_basis AS k ON k.index_key = s.index_key AND k.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, COUNT(DISTINCT image_key) AS image_count
    FROM source_images WHERE ended_at IS NULL AND listed GROUP BY index_key, source_key
) AS i ON i.index_key = s.index_key AND i.source_key = s.source_key
GROUP BY s.name, s.source_key
) AS v
;
COMMENT ON VIEW source_sizes IS 'Key: source, basis. What each source stores, by basis and in total: stored = distinct + document + artifact + untagged + orphan bytes, each blob or layer in the first class that reaches it.'
;
COMMENT ON COLUMN source_sizes.source IS 'Name of the source.'
;
COMMENT ON COLUMN source_sizes.basis IS 'compressed, uncompressed, on_disk, or total = all of the source''s together.'
;
COMMENT ON COLUMN source_sizes.image_count IS 'Listed images that count on this basis; in total, all listed images.'
;
COMMENT ON COLUMN source_sizes.layer_count IS 'Distinct units that they use.'
;
COMMENT ON COLUMN source_sizes.referenced_bytes IS 'What those images would take without sharing.'
;
COMMENT ON COLUMN source_sizes.distinct_bytes IS 'The units of listed images, each once.'
;
COMMENT ON COLUMN source_sizes.stored_bytes IS 'All that the source stores, or says it stores.'
;
COMMENT ON COLUMN source_sizes.document_bytes IS 'Manifests, indexes and configs that are reached.'
;
COMMENT ON COLUMN source_sizes.artifact_bytes IS 'Artifacts that are reached: attestations, signatures, charts.'
;
COMMENT ON COLUMN source_sizes.untagged_bytes IS 'What only unreached manifests, or unlisted images, need.'
;
COMMENT ON COLUMN source_sizes.orphan_bytes IS 'What nothing needs.'
;
COMMENT ON COLUMN source_sizes.missing_bytes IS 'Of the stored bytes, those only declared: the store does not show that it has them.'
;
CREATE VIEW image_summary AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.image_id AS TEXT) AS image_id, CAST(v.platform AS TEXT) AS platform, CAST(v.os AS TEXT) AS os, CAST(v.architecture AS TEXT) AS architecture, CAST(v.variant AS TEXT) AS variant, CAST(v.created_at AS TIMESTAMPTZ) AS created_at, CAST(v.layer_count AS BIGINT) AS layer_count, CAST(v.history_count AS BIGINT) AS history_count, CAST(v.listed AS BOOLEAN) AS listed, CAST(v.tag_count AS BIGINT) AS tag_count, CAST(v.names AS TEXT) AS names
FROM (SELECT
    p.source, b.digest AS image_id,
    COALESCE(e.platform, i.platform) AS platform,
    COALESCE(i.os, e.os) AS os, COALESCE(i.architecture, e.architecture) AS architecture,
    COALESCE(i.variant, e.variant) AS variant,
    i.created_at,
    COALESCE(i.layer_count, e.layer_count) AS layer_count, i.history_count,
    p.listed, COALESCE(n.tag_count, 0) AS tag_count, n.names
FROM (
    SELECT si.index_key, si.source_key, s.name AS source, si.image_key, BOOL_OR(si.listed) AS listed
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL
    GROUP BY si.index_key, si.source_key, s.name, si.image_key
) AS p
JOIN blobs AS b ON b.blob_key = p.image_key
LEFT JOIN images AS i ON i.image_key = p.image_key
LEFT JOIN (
    SELECT sm.index_key, sm.source_key, m.config_key AS image_key, MIN(ie.platform) AS platform, MIN(ie.os) AS os,
        MIN(ie.architecture) AS architecture, MIN(ie.variant) AS variant, MIN(m.layer_count) AS layer_count
    FROM source_manifests AS sm
    JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
    LEFT JOIN (
        SELECT sx.index_key, sx.source_key, x.child_key, x.platform, x.os, x.architecture, x.variant
        FROM source_manifests AS sx
        JOIN index_entries AS x ON x.manifest_key = sx.manifest_key
        WHERE sx.ended_at IS NULL
    ) AS ie ON ie.index_key = sm.index_key AND ie.source_key = sm.source_key AND ie.child_key = sm.manifest_key
    WHERE sm.ended_at IS NULL
    GROUP BY sm.index_key, sm.source_key, m.config_key
) AS e ON e.index_key = p.index_key AND e.source_key = p.source_key AND e.image_key = p.image_key
LEFT JOIN (
    SELECT d.index_key, d.source_key, d.image_key, COUNT(*) AS tag_count,
        STRING_AGG(d.name, ', ' ORDER BY d.name) AS names
    FROM (
        SELECT DISTINCT index_key, source_key, image_key,
            CASE WHEN repository IS NULL THEN tag ELSE repository || ':' || tag END AS name
        FROM tag_reach
        WHERE image_key IS NOT NULL
    ) AS d
    GROUP BY d.index_key, d.source_key, d.image_key
) AS n ON n.index_key = p.index_key AND n.source_key = p.source_key AND n.image_key = p.image_key
) AS v
;
COMMENT ON VIEW image_summary IS 'Key: source, image_id. Every image that a source has.'
;
COMMENT ON COLUMN image_summary.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_summary.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN image_summary.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN image_summary.os IS 'Operating system, as the config says, else the index entry.'
;
COMMENT ON COLUMN image_summary.architecture IS 'Architecture, as the config says, else the index entry.'
;
COMMENT ON COLUMN image_summary.variant IS 'Variant, as the config says, else the index entry.'
;
COMMENT ON COLUMN image_summary.created_at IS 'When it was made, as its config says; NULL if the config was not read.'
;
COMMENT ON COLUMN image_summary.layer_count IS 'How many layers it has, repeats counted.'
;
COMMENT ON COLUMN image_summary.history_count IS 'How many history entries it has, empty ones counted.'
;
COMMENT ON COLUMN image_summary.listed IS 'The store lists it: these are the images that count.'
;
COMMENT ON COLUMN image_summary.tag_count IS 'Current tags that reach it.'
;
COMMENT ON COLUMN image_summary.names IS 'Those tags as repository:tag, sorted, separated by a comma and a space; NULL if none.'
;
CREATE VIEW image_sizes AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.image_id AS TEXT) AS image_id, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.shared_bytes AS BIGINT) AS shared_bytes, CAST(v.unique_bytes AS BIGINT) AS unique_bytes, CAST(v.split_bytes AS BIGINT) AS split_bytes, CAST(v.unknown_layers AS BIGINT) AS unknown_layers
FROM (SELECT s.name AS source, z.basis, b.digest AS image_id, z.size_bytes, z.shared_bytes, z.unique_bytes, z.split_bytes,
    z.unknown_layers
FROM source_image_sizes AS z
JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
JOIN blobs AS b ON b.blob_key = z.image_key
) AS v
;
COMMENT ON VIEW image_sizes IS 'Key: source, basis, image_id. What each listed image costs in its source: size = unique + shared.'
;
COMMENT ON COLUMN image_sizes.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_sizes.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN image_sizes.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN image_sizes.size_bytes IS 'All its distinct units; NULL if one is unknown.'
;
COMMENT ON COLUMN image_sizes.shared_bytes IS 'Those that another listed image of the source uses, too.'
;
COMMENT ON COLUMN image_sizes.unique_bytes IS 'Those that no other listed image of the source uses.'
;
COMMENT ON COLUMN image_sizes.split_bytes IS 'Its part of each unit it uses; the parts of all images sum to the distinct bytes.'
;
COMMENT ON COLUMN image_sizes.unknown_layers IS 'How many of its units have no known size.'
;
CREATE VIEW image_layer_detail AS
SELECT CAST(v.image_id AS TEXT) AS image_id, CAST(v.position AS BIGINT) AS position, CAST(v.diff_id AS TEXT) AS diff_id, CAST(v.chain_id AS TEXT) AS chain_id, CAST(v.instruction AS TEXT) AS instruction, CAST(v.created_by AS TEXT) AS created_by
FROM (SELECT i.image_id, il.position, l.diff_id, c.chain_id, h.instruction, h.created_by
FROM image_layers AS il
JOIN images AS i ON i.image_key = il.image_key
JOIN layers AS l ON l.layer_key = il.layer_key
JOIN chains AS c ON c.chain_key = il.chain_key
LEFT JOIN image_history AS h ON h.image_key = il.image_key AND h.position = il.history_position
) AS v
;
COMMENT ON VIEW image_layer_detail IS 'Key: image_id, position. The layers of every image that was read.'
;
COMMENT ON COLUMN image_layer_detail.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN image_layer_detail.position IS 'Place in the stack, 0 = base layer.'
;
COMMENT ON COLUMN image_layer_detail.diff_id IS 'Digest of the layer''s uncompressed tar.'
;
COMMENT ON COLUMN image_layer_detail.chain_id IS 'Digest of the stack up to and with this layer.'
;
COMMENT ON COLUMN image_layer_detail.instruction IS 'Kind of instruction that made it: RUN, COPY …; NULL where it cannot be told.'
;
COMMENT ON COLUMN image_layer_detail.created_by IS 'The command that made it, secrets redacted.'
;
CREATE VIEW image_layer_sizes AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.image_id AS TEXT) AS image_id, CAST(v.position AS BIGINT) AS position, CAST(v.size_bytes AS BIGINT) AS size_bytes
FROM (SELECT s.name AS source, 'compressed' AS basis, b.digest AS image_id, ml.position, u.size_bytes
FROM (
    SELECT sm.index_key, sm.source_key, m.config_key AS image_key, MIN(sm.manifest_key) AS manifest_key
    FROM source_manifests AS sm
    JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
    WHERE sm.ended_at IS NULL
    GROUP BY sm.index_key, sm.source_key, m.config_key
) AS f
JOIN source_streams AS s ON s.index_key = f.index_key AND s.source_key = f.source_key
JOIN blobs AS b ON b.blob_key = f.image_key
JOIN manifest_layers AS ml ON ml.manifest_key = f.manifest_key
LEFT JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key
    AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
UNION ALL
SELECT s.name AS source, u.basis, b.digest AS image_id, il.position, MAX(u.size_bytes) AS size_bytes
FROM source_images AS si
JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
JOIN blobs AS b ON b.blob_key = si.image_key
JOIN image_layers AS il ON il.image_key = si.image_key
JOIN source_usage AS u ON u.index_key = si.index_key AND u.source_key = si.source_key
    AND u.basis <> 'compressed' AND u.unit_key = il.chain_key
WHERE si.ended_at IS NULL
GROUP BY s.name, u.basis, b.digest, il.position
) AS v
;
COMMENT ON VIEW image_layer_sizes IS 'Key: source, basis, image_id, position. The size of each layer of each image, as its source states it. Of several manifests of one image in a source, the first by digest speaks.'
;
COMMENT ON COLUMN image_layer_sizes.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_layer_sizes.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN image_layer_sizes.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN image_layer_sizes.position IS 'Place in the stack, 0 = base layer.'
;
COMMENT ON COLUMN image_layer_sizes.size_bytes IS 'Size; NULL if the source does not state it.'
;
CREATE VIEW image_history_detail AS
SELECT CAST(v.image_id AS TEXT) AS image_id, CAST(v.position AS BIGINT) AS position, CAST(v.created_at AS TIMESTAMPTZ) AS created_at, CAST(v.created_by AS TEXT) AS created_by, CAST(v.instruction AS TEXT) AS instruction, CAST(v.empty_layer AS BOOLEAN) AS empty_layer, CAST(v.diff_id AS TEXT) AS diff_id, CAST(v.chain_id AS TEXT) AS chain_id, CAST(v.comment AS TEXT) AS comment
FROM (SELECT i.image_id, h.position, h.created_at, h.created_by, h.instruction, h.empty_layer, l.diff_id, c.chain_id, h.comment
FROM image_history AS h
JOIN images AS i ON i.image_key = h.image_key
LEFT JOIN image_layers AS il ON il.image_key = h.image_key AND il.position = h.layer_position
LEFT JOIN layers AS l ON l.layer_key = il.layer_key
LEFT JOIN chains AS c ON c.chain_key = il.chain_key
) AS v
;
COMMENT ON VIEW image_history_detail IS 'Key: image_id, position. The history of every image that was read, oldest first.'
;
COMMENT ON COLUMN image_history_detail.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN image_history_detail.position IS 'Place in the history, 0 = oldest.'
;
COMMENT ON COLUMN image_history_detail.created_at IS 'When the entry was made.'
;
COMMENT ON COLUMN image_history_detail.created_by IS 'The command that made it, secrets redacted.'
;
COMMENT ON COLUMN image_history_detail.instruction IS 'Kind of instruction that made it: RUN, COPY …; NULL where it cannot be told.'
;
COMMENT ON COLUMN image_history_detail.empty_layer IS 'It made no layer.'
;
COMMENT ON COLUMN image_history_detail.diff_id IS 'The layer it made; NULL if none, or if history and layers do not agree.'
;
COMMENT ON COLUMN image_history_detail.chain_id IS 'The stack up to and with that layer.'
;
COMMENT ON COLUMN image_history_detail.comment IS 'Comment, secrets redacted.'
;
CREATE VIEW base_images AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.image_id AS TEXT) AS image_id, CAST(v.base_image_id AS TEXT) AS base_image_id, CAST(v.base_layer_count AS BIGINT) AS base_layer_count, CAST(v.tie_count AS BIGINT) AS tie_count, CAST(v.evidence AS TEXT) AS evidence
FROM (WITH present AS (
    SELECT si.index_key, si.source_key, s.name AS source, si.image_key, i.chain_key, i.layer_count, i.created_at, i.image_id
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    JOIN images AS i ON i.image_key = si.image_key
    WHERE si.ended_at IS NULL AND si.listed
    GROUP BY si.index_key, si.source_key, s.name, si.image_key, i.chain_key, i.layer_count, i.created_at, i.image_id
), candidates AS (
    SELECT c.index_key, c.source_key, c.chain_key, c.image_id, c.layer_count, c.tie_count
    FROM (
        SELECT p.index_key, p.source_key, p.chain_key, p.image_id, p.layer_count,
            COUNT(*) OVER (PARTITION BY p.index_key, p.source_key, p.chain_key) AS tie_count,
            ROW_NUMBER() OVER (
                PARTITION BY p.index_key, p.source_key, p.chain_key
                ORDER BY p.created_at ASC NULLS LAST, p.image_id
            ) AS place
        FROM present AS p
        WHERE p.chain_key IS NOT NULL AND EXISTS (
            SELECT 1 FROM tag_reach AS r
            WHERE r.index_key = p.index_key AND r.source_key = p.source_key AND r.image_key = p.image_key
        )
    ) AS c
    WHERE c.place = 1
), deepest AS (
    SELECT p.index_key, p.source_key, p.image_key, MAX(il.position) AS position
    FROM present AS p
    JOIN image_layers AS il ON il.image_key = p.image_key AND il.position + 1 < p.layer_count
    JOIN candidates AS c ON c.index_key = p.index_key AND c.source_key = p.source_key AND c.chain_key = il.chain_key
    GROUP BY p.index_key, p.source_key, p.image_key
), claimed AS (
    SELECT p.index_key, p.source_key, p.image_key, MIN(base.image_id) AS base_image_id, MIN(base.layer_count) AS layer_count
    FROM present AS p
    JOIN manifests AS m ON m.config_key = p.image_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.index_key = p.index_key AND sm.source_key = p.source_key
        AND sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN manifest_annotations AS a ON a.manifest_key = m.manifest_key AND a.name = 'org.opencontainers.image.base.digest'
    JOIN blobs AS b ON b.digest = a.value
    JOIN manifests AS bm ON bm.manifest_key = b.blob_key AND bm.kind = 'image'
    JOIN images AS base ON base.image_key = bm.config_key
    WHERE base.image_key <> p.image_key
    GROUP BY p.index_key, p.source_key, p.image_key
)
SELECT p.source, p.image_id, c.image_id AS base_image_id, c.layer_count AS base_layer_count, c.tie_count, 'chain' AS evidence
FROM deepest AS d
JOIN present AS p ON p.index_key = d.index_key AND p.source_key = d.source_key AND p.image_key = d.image_key
JOIN image_layers AS il ON il.image_key = d.image_key AND il.position = d.position
JOIN candidates AS c ON c.index_key = d.index_key AND c.source_key = d.source_key AND c.chain_key = il.chain_key
UNION ALL
SELECT p.source, p.image_id, k.base_image_id, k.layer_count AS base_layer_count, CAST(1 AS BIGINT) AS tie_count,
    'annotation' AS evidence
FROM claimed AS k
JOIN present AS p ON p.index_key = k.index_key AND p.source_key = k.source_key AND p.image_key = k.image_key
WHERE NOT EXISTS (
    SELECT 1 FROM deepest AS d
    WHERE d.index_key = k.index_key AND d.source_key = k.source_key AND d.image_key = k.image_key
)
) AS v
;
COMMENT ON VIEW base_images IS 'Key: source, image_id. The nearest base of each listed image: the listed image with a name whose layers are the longest strict start of this one''s. Images that have one.'
;
COMMENT ON COLUMN base_images.source IS 'Name of the source.'
;
COMMENT ON COLUMN base_images.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN base_images.base_image_id IS 'The base; of several with the same layers the oldest, then the smallest ID.'
;
COMMENT ON COLUMN base_images.base_layer_count IS 'How many layers the base has.'
;
COMMENT ON COLUMN base_images.tie_count IS 'How many images have exactly the base''s layers.'
;
COMMENT ON COLUMN base_images.evidence IS 'chain = the layers say so; annotation = only the manifest''s annotation does.'
;
CREATE VIEW container_usage AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.container_id AS TEXT) AS container_id, CAST(v.name AS TEXT) AS name, CAST(v.image_id AS TEXT) AS image_id, CAST(v.image_ref AS TEXT) AS image_ref, CAST(v.chain_id AS TEXT) AS chain_id, CAST(v.state AS TEXT) AS state, CAST(v.created_at AS TIMESTAMPTZ) AS created_at
FROM (SELECT s.name AS source, c.container_id, c.name, b.digest AS image_id, c.image_ref, h.chain_id, c.state, c.created_at
FROM containers AS c
JOIN source_streams AS s ON s.index_key = c.index_key AND s.source_key = c.source_key
LEFT JOIN blobs AS b ON b.blob_key = c.image_key
LEFT JOIN chains AS h ON h.chain_key = c.chain_key
WHERE c.ended_at IS NULL
) AS v
;
COMMENT ON VIEW container_usage IS 'Key: source, container_id. Containers, and what they hold.'
;
COMMENT ON COLUMN container_usage.source IS 'Name of the source.'
;
COMMENT ON COLUMN container_usage.container_id IS 'The container''s ID.'
;
COMMENT ON COLUMN container_usage.name IS 'Its name.'
;
COMMENT ON COLUMN container_usage.image_id IS 'The image that it was made of.'
;
COMMENT ON COLUMN container_usage.image_ref IS 'What its maker called the image.'
;
COMMENT ON COLUMN container_usage.chain_id IS 'The stack that it stands on.'
;
COMMENT ON COLUMN container_usage.state IS 'running, exited, created, paused, restarting, removing or dead.'
;
COMMENT ON COLUMN container_usage.created_at IS 'When it was made.'
;
CREATE VIEW problem_detail AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.locator AS TEXT) AS locator, CAST(v.kind AS TEXT) AS kind, CAST(v.digest AS TEXT) AS digest, CAST(v.detail AS TEXT) AS detail, CAST(v.first_seen_at AS TIMESTAMPTZ) AS first_seen_at, CAST(v.scanned_at AS TIMESTAMPTZ) AS scanned_at
FROM (SELECT s.name AS source, p.locator, p.kind, NULLIF(p.digest, '') AS digest, MIN(p.detail) AS detail,
    MIN(p.first_seen_at) AS first_seen_at,
    MAX(GREATEST(COALESCE(p.last_seen_at, p.first_seen_at), k.last_complete_at)) AS scanned_at
FROM problems AS p
JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
LEFT JOIN scope_looks AS k ON k.index_key = p.index_key AND k.source_key = p.source_key AND k.scope_key = p.scope_key
WHERE p.ended_at IS NULL
GROUP BY s.name, p.locator, p.kind, p.digest
) AS v
;
COMMENT ON VIEW problem_detail IS 'Key: source, locator, kind, digest. What is broken or odd, open until a complete look finds it mended.'
;
COMMENT ON COLUMN problem_detail.source IS 'Name of the source.'
;
COMMENT ON COLUMN problem_detail.locator IS 'Where: a path within the store, a reference or a digest.'
;
COMMENT ON COLUMN problem_detail.kind IS 'What: missing_blob, digest_mismatch, history_mismatch …'
;
COMMENT ON COLUMN problem_detail.digest IS 'The digest concerned; NULL if none.'
;
COMMENT ON COLUMN problem_detail.detail IS 'In words.'
;
COMMENT ON COLUMN problem_detail.first_seen_at IS 'Our first sight of it.'
;
COMMENT ON COLUMN problem_detail.scanned_at IS 'The last complete look, which found it still so.'
;
CREATE VIEW source_status AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.kind AS TEXT) AS kind, CAST(v.address AS TEXT) AS address, CAST(v.last_complete_at AS TIMESTAMPTZ) AS last_complete_at, CAST(v.last_outcome AS TEXT) AS last_outcome, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.tag_count AS BIGINT) AS tag_count, CAST(v.problem_count AS BIGINT) AS problem_count
FROM (SELECT s.name AS source, o.kind, o.address, s.last_complete_at, n.outcome AS last_outcome,
    COALESCE(i.image_count, 0) AS image_count, COALESCE(t.tag_count, 0) AS tag_count,
    COALESCE(p.problem_count, 0) AS problem_count
FROM source_streams AS s
JOIN sources AS o ON o.index_key = s.index_key AND o.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, outcome,
        ROW_NUMBER() OVER (PARTITION BY index_key, source_key ORDER BY started_at DESC, scan_key DESC) AS place
    FROM scans
) AS n ON n.index_key = s.index_key AND n.source_key = s.source_key AND n.place = 1
LEFT JOIN (
    SELECT index_key, source_key, COUNT(DISTINCT image_key) AS image_count
    FROM source_images WHERE ended_at IS NULL AND listed GROUP BY index_key, source_key
) AS i ON i.index_key = s.index_key AND i.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, COUNT(*) AS tag_count
    FROM tags WHERE ended_at IS NULL AND evidence = 'observed' GROUP BY index_key, source_key
) AS t ON t.index_key = s.index_key AND t.source_key = s.source_key
LEFT JOIN (
    SELECT source, COUNT(*) AS problem_count FROM problem_detail GROUP BY source
) AS p ON p.source = s.name
) AS v
;
COMMENT ON VIEW source_status IS 'Key: source. Every source, and how its last look went.'
;
COMMENT ON COLUMN source_status.source IS 'Name of the source.'
;
COMMENT ON COLUMN source_status.kind IS 'docker-root, oci, registry-root …'
;
COMMENT ON COLUMN source_status.address IS 'Where it is: kind:place.'
;
COMMENT ON COLUMN source_status.last_complete_at IS 'as_of of the last complete scan.'
;
COMMENT ON COLUMN source_status.last_outcome IS 'How the last scan ended: complete, partial, failed, superseded or running.'
;
COMMENT ON COLUMN source_status.image_count IS 'Listed images.'
;
COMMENT ON COLUMN source_status.tag_count IS 'Current tags.'
;
COMMENT ON COLUMN source_status.problem_count IS 'Open problems.'
;
