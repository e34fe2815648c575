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
WHERE ranked.place <= 1
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
FROM (WITH inner_indexes AS MATERIALIZED (
    -- Entries that are indexes themselves: few or none. COALESCE keeps PostgreSQL from expecting one for each index.
    SELECT e.manifest_key, e.position, e.child_key
    FROM index_entries AS e
    JOIN manifests AS m ON m.manifest_key = e.child_key
    WHERE COALESCE(m.kind, '') = 'index'
)
SELECT e1.manifest_key AS root_key, e1.position AS place_1, CAST(-1 AS BIGINT) AS place_2, CAST(-1 AS BIGINT) AS place_3, CAST(-1 AS BIGINT) AS place_4, e1.child_key, e1.role, e1.media_type, e1.platform,
    e1.os_version, m.kind AS child_kind, CASE WHEN m.kind = 'image' THEN m.config_key END AS image_key
FROM index_entries AS e1
LEFT JOIN manifests AS m ON m.manifest_key = e1.child_key
WHERE COALESCE(m.kind, '') <> 'index'
UNION ALL
SELECT e1.manifest_key AS root_key, e1.position AS place_1, e2.position AS place_2, CAST(-1 AS BIGINT) AS place_3, CAST(-1 AS BIGINT) AS place_4, e2.child_key, e2.role, e2.media_type, e2.platform,
    e2.os_version, m.kind AS child_kind, CASE WHEN m.kind = 'image' THEN m.config_key END AS image_key
FROM inner_indexes AS e1
JOIN index_entries AS e2 ON e2.manifest_key = e1.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e2.child_key
WHERE COALESCE(m.kind, '') <> 'index'
UNION ALL
SELECT e1.manifest_key AS root_key, e1.position AS place_1, e2.position AS place_2, e3.position AS place_3, CAST(-1 AS BIGINT) AS place_4, e3.child_key, e3.role, e3.media_type, e3.platform,
    e3.os_version, m.kind AS child_kind, CASE WHEN m.kind = 'image' THEN m.config_key END AS image_key
FROM inner_indexes AS e1
JOIN inner_indexes AS e2 ON e2.manifest_key = e1.child_key
JOIN index_entries AS e3 ON e3.manifest_key = e2.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e3.child_key
WHERE COALESCE(m.kind, '') <> 'index'
UNION ALL
SELECT e1.manifest_key AS root_key, e1.position AS place_1, e2.position AS place_2, e3.position AS place_3, e4.position AS place_4, e4.child_key, e4.role, e4.media_type, e4.platform,
    e4.os_version, m.kind AS child_kind, CASE WHEN m.kind = 'image' THEN m.config_key END AS image_key
FROM inner_indexes AS e1
JOIN inner_indexes AS e2 ON e2.manifest_key = e1.child_key
JOIN inner_indexes AS e3 ON e3.manifest_key = e2.child_key
JOIN index_entries AS e4 ON e4.manifest_key = e3.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e4.child_key
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
CREATE VIEW tag_intervals AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.scope_key AS BIGINT) AS scope_key, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.tag AS TEXT) AS tag, CAST(v.place AS BIGINT) AS place, CAST(v.target_key AS BIGINT) AS target_key, CAST(v.target_kind AS TEXT) AS target_kind, CAST(v.set_at AS TIMESTAMPTZ) AS set_at, CAST(v.first_seen_at AS TIMESTAMPTZ) AS first_seen_at, CAST(v.last_seen_at AS TIMESTAMPTZ) AS last_seen_at, CAST(v.valid_from AS TIMESTAMPTZ) AS valid_from, CAST(v.valid_to AS TIMESTAMPTZ) AS valid_to, CAST(v.evidence AS TEXT) AS evidence
FROM (SELECT t.index_key, t.source_key, t.scope_key, t.repository_key, t.tag, t.place, t.target_key, t.target_kind, t.set_at,
    t.first_seen_at,
    CASE WHEN t.valid_to IS NULL THEN GREATEST(t.last_seen_at, CASE WHEN t.evidence = 'observed' THEN k.last_complete_at END)
        ELSE t.last_seen_at END AS last_seen_at,
    t.valid_from, t.valid_to, t.evidence
FROM source_tag_intervals AS t
LEFT JOIN scope_looks AS k ON k.index_key = t.index_key AND k.source_key = t.source_key AND k.scope_key = t.scope_key
) AS v
;
COMMENT ON VIEW tag_intervals IS 'Key: index_key, source_key, scope_key, repository_key, tag, place. Where tags point and pointed, by key, in every index: what looks saw and what stores remember, made into one history. Carries other views; may change.'
;
COMMENT ON COLUMN tag_intervals.index_key IS 'The index.'
;
COMMENT ON COLUMN tag_intervals.source_key IS 'The source.'
;
COMMENT ON COLUMN tag_intervals.scope_key IS 'The scope that lists it.'
;
COMMENT ON COLUMN tag_intervals.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_intervals.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_intervals.place IS 'Place in the tag''s history, from 1; what is undated comes last.'
;
COMMENT ON COLUMN tag_intervals.target_key IS 'What it pointed at; NULL if listed without a digest.'
;
COMMENT ON COLUMN tag_intervals.target_kind IS 'image or manifest.'
;
COMMENT ON COLUMN tag_intervals.set_at IS 'When the store says it was set; NULL if it does not say.'
;
COMMENT ON COLUMN tag_intervals.first_seen_at IS 'Our first sight of it; NULL if no look saw it so.'
;
COMMENT ON COLUMN tag_intervals.last_seen_at IS 'Our last sight of it; NULL if no look saw it so.'
;
COMMENT ON COLUMN tag_intervals.valid_from IS 'Where the interval begins; NULL if undated.'
;
COMMENT ON COLUMN tag_intervals.valid_to IS 'Where it ends; NULL = current, or undated.'
;
COMMENT ON COLUMN tag_intervals.evidence IS 'observed or recovered.'
;
CREATE VIEW image_names AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.image_key AS BIGINT) AS image_key, CAST(v.repository AS TEXT) AS repository, CAST(v.name AS TEXT) AS name
FROM (SELECT DISTINCT t.index_key, t.source_key, t.source, t.image_key, t.repository,
    CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name
FROM tag_reach AS t
WHERE t.image_key IS NOT NULL
) AS v
;
COMMENT ON VIEW image_names IS 'Key: source, image_key, name. What each image is called: repository:tag of every current tag that reaches it. Carries other views; may change.'
;
COMMENT ON COLUMN image_names.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN image_names.source_key IS 'The source.'
;
COMMENT ON COLUMN image_names.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_names.image_key IS 'The image.'
;
COMMENT ON COLUMN image_names.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN image_names.name IS 'repository:tag, or the bare ref.'
;
CREATE VIEW image_handles AS
SELECT CAST(v.image_key AS BIGINT) AS image_key, CAST(v.name AS TEXT) AS name, CAST(v.digest AS TEXT) AS digest
FROM (SELECT DISTINCT n.image_key, n.name, CAST(NULL AS TEXT) AS digest
FROM image_names AS n
UNION ALL
SELECT b.blob_key AS image_key, CAST(NULL AS TEXT) AS name, b.digest
FROM blobs AS b
WHERE b.blob_key IN (SELECT image_key FROM source_images)
) AS v
;
COMMENT ON VIEW image_handles IS 'Key: image_key, name, digest. What each image may be asked for by: a row a name of it, and a row with its digest, of the images gone, too. Carries other views; may change.'
;
COMMENT ON COLUMN image_handles.image_key IS 'The image.'
;
COMMENT ON COLUMN image_handles.name IS 'repository:tag, or the bare ref, of a current tag that reaches it; NULL in the other row.'
;
COMMENT ON COLUMN image_handles.digest IS 'Its digest, the image ID; NULL in the rows of names.'
;
CREATE VIEW image_units AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.store AS TEXT) AS store, CAST(v.unit_key AS BIGINT) AS unit_key, CAST(v.image_key AS BIGINT) AS image_key, CAST(v.listed AS BOOLEAN) AS listed, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.image_count AS BIGINT) AS image_count
FROM (SELECT u.index_key, u.source_key, s.name AS source, u.basis, u.store, u.unit_key, u.image_key, u.listed, z.size_bytes,
    z.image_count
FROM source_image_units AS u
JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
JOIN source_usage AS z ON z.index_key = u.index_key AND z.source_key = u.source_key AND z.basis = u.basis
    AND z.store = u.store AND z.unit_key = u.unit_key
) AS v
;
COMMENT ON VIEW image_units IS 'Key: source, basis, store, unit_key, image_key. What each image uses: blobs, or stacks within their store, each once. Carries other views; may change.'
;
COMMENT ON COLUMN image_units.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN image_units.source_key IS 'The source.'
;
COMMENT ON COLUMN image_units.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_units.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN image_units.store IS 'Graph driver or namespace/snapshotter; empty for blobs.'
;
COMMENT ON COLUMN image_units.unit_key IS 'A blob, or a stack within its store.'
;
COMMENT ON COLUMN image_units.image_key IS 'An image that uses it.'
;
COMMENT ON COLUMN image_units.listed IS 'The store lists the image.'
;
COMMENT ON COLUMN image_units.size_bytes IS 'Size of the unit; NULL if the source does not state it.'
;
COMMENT ON COLUMN image_units.image_count IS 'Listed images that use the unit.'
;
CREATE VIEW image_places AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.store AS TEXT) AS store, CAST(v.unit_key AS BIGINT) AS unit_key, CAST(v.image_key AS BIGINT) AS image_key, CAST(v.position AS BIGINT) AS position, CAST(v.manifest_key AS BIGINT) AS manifest_key, CAST(v.listed AS BOOLEAN) AS listed, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.layer_key AS BIGINT) AS layer_key, CAST(v.chain_key AS BIGINT) AS chain_key, CAST(v.history_position AS BIGINT) AS history_position
FROM (SELECT u.index_key, u.source_key, u.source, u.basis, u.store, u.unit_key, u.image_key, ml.position, ml.manifest_key,
    u.listed, u.size_bytes, u.image_count, il.layer_key, il.chain_key, il.history_position
FROM image_units AS u
JOIN manifests AS m ON m.config_key = u.image_key AND m.kind = 'image'
JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key AND ml.blob_key = u.unit_key
JOIN (SELECT DISTINCT index_key, source_key, manifest_key FROM source_manifests WHERE ended_at IS NULL) AS sm
    ON sm.index_key = u.index_key AND sm.source_key = u.source_key AND sm.manifest_key = m.manifest_key
LEFT JOIN images AS i ON i.image_key = m.config_key AND i.layer_count = m.layer_count
LEFT JOIN image_layers AS il ON il.image_key = i.image_key AND il.position = ml.position
WHERE u.basis = 'compressed'
UNION ALL
SELECT u.index_key, u.source_key, u.source, u.basis, u.store, u.unit_key, u.image_key, il.position,
    NULL AS manifest_key, u.listed, u.size_bytes, u.image_count, il.layer_key, il.chain_key, il.history_position
FROM image_units AS u
JOIN image_layers AS il ON il.image_key = u.image_key
    AND u.unit_key = CASE WHEN u.store = 'archive' THEN il.layer_key ELSE il.chain_key END
WHERE u.basis <> 'compressed'
) AS v
;
COMMENT ON VIEW image_places IS 'Key: source, basis, store, unit_key, image_key, position, manifest_key. Where in its stack each image has what it uses, and what made it. Carries other views; may change.'
;
COMMENT ON COLUMN image_places.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN image_places.source_key IS 'The source.'
;
COMMENT ON COLUMN image_places.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_places.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN image_places.store IS 'Graph driver or namespace/snapshotter; empty for blobs.'
;
COMMENT ON COLUMN image_places.unit_key IS 'A blob, or a stack within its store.'
;
COMMENT ON COLUMN image_places.image_key IS 'An image that uses it.'
;
COMMENT ON COLUMN image_places.position IS 'Place in the stack, 0 = base layer.'
;
COMMENT ON COLUMN image_places.manifest_key IS 'The manifest that says so; NULL for unpacked layers.'
;
COMMENT ON COLUMN image_places.listed IS 'The store lists the image.'
;
COMMENT ON COLUMN image_places.size_bytes IS 'Size of the unit; NULL if the source does not state it.'
;
COMMENT ON COLUMN image_places.image_count IS 'Listed images that use the unit.'
;
COMMENT ON COLUMN image_places.layer_key IS 'The layer; NULL if no config that was read says which.'
;
COMMENT ON COLUMN image_places.chain_key IS 'The stack up to and with it; NULL as the layer.'
;
COMMENT ON COLUMN image_places.history_position IS 'The history entry that made it; NULL if unknown.'
;
CREATE VIEW repository_units AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.repository AS TEXT) AS repository, CAST(v.basis AS TEXT) AS basis, CAST(v.store AS TEXT) AS store, CAST(v.unit_key AS BIGINT) AS unit_key, CAST(v.size_bytes AS BIGINT) AS size_bytes
FROM (SELECT DISTINCT r.index_key, r.source_key, r.source, r.repository_key, r.repository, u.basis, u.store, u.unit_key,
    u.size_bytes
FROM tag_reach AS r
JOIN source_manifests AS sm ON sm.index_key = r.index_key AND sm.source_key = r.source_key
    AND sm.repository_key = r.repository_key AND sm.manifest_key = r.manifest_key AND sm.ended_at IS NULL
JOIN manifest_layers AS ml ON ml.manifest_key = r.manifest_key
JOIN source_usage AS u ON u.index_key = r.index_key AND u.source_key = r.source_key AND u.basis = 'compressed'
    AND u.unit_key = ml.blob_key
WHERE r.image_key IS NOT NULL
UNION ALL
SELECT DISTINCT r.index_key, r.source_key, r.source, r.repository_key, r.repository, u.basis, u.store, u.unit_key,
    u.size_bytes
FROM tag_reach AS r
JOIN image_units AS u ON u.index_key = r.index_key AND u.source_key = r.source_key AND u.image_key = r.image_key
    AND u.basis <> 'compressed'
) AS v
;
COMMENT ON VIEW repository_units IS 'Key: source, repository_key, basis, store, unit_key. What the current tags of each repository need: blobs, or stacks within their store, each once. Carries other views; may change.'
;
COMMENT ON COLUMN repository_units.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN repository_units.source_key IS 'The source.'
;
COMMENT ON COLUMN repository_units.source IS 'Name of the source.'
;
COMMENT ON COLUMN repository_units.repository_key IS 'The repository.'
;
COMMENT ON COLUMN repository_units.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN repository_units.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN repository_units.store IS 'Graph driver or namespace/snapshotter; empty for blobs.'
;
COMMENT ON COLUMN repository_units.unit_key IS 'A blob, or a stack within its store.'
;
COMMENT ON COLUMN repository_units.size_bytes IS 'Size of the unit; NULL if the source does not state it.'
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
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.target_digest AS TEXT) AS target_digest, CAST(v.valid_from AS TIMESTAMPTZ) AS valid_from, CAST(v.target_kind AS TEXT) AS target_kind, CAST(v.set_at AS TIMESTAMPTZ) AS set_at, CAST(v.first_seen_at AS TIMESTAMPTZ) AS first_seen_at, CAST(v.last_seen_at AS TIMESTAMPTZ) AS last_seen_at, CAST(v.valid_to AS TIMESTAMPTZ) AS valid_to, CAST(v.evidence AS TEXT) AS evidence, CAST(v.dated_by AS TEXT) AS dated_by
FROM (SELECT s.name AS source, r.name AS repository, t.tag, b.digest AS target_digest, t.valid_from, t.target_kind, t.set_at,
    t.first_seen_at, t.last_seen_at, t.valid_to, t.evidence,
    CASE WHEN t.valid_from = t.set_at THEN 'store' WHEN t.valid_from IS NOT NULL THEN 'look' END AS dated_by
FROM tag_intervals AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
LEFT JOIN blobs AS b ON b.blob_key = t.target_key
) AS v
;
COMMENT ON VIEW tag_history IS 'Key: source, repository, tag, target_digest, valid_from. Where tags point and pointed, as half-open intervals [valid_from, valid_to). A recovered row without times once was so.'
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
COMMENT ON COLUMN tag_history.valid_to IS 'When the next target took over, or the look that missed the tag; NULL = current.'
;
COMMENT ON COLUMN tag_history.evidence IS 'observed, or recovered from what lies on the disk.'
;
COMMENT ON COLUMN tag_history.dated_by IS 'Where valid_from is from: store = the store says so, look = our first sight; NULL if undated.'
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
CREATE VIEW tag_image_keys AS
SELECT CAST(v.index_key AS UUID) AS index_key, CAST(v.source_key AS BIGINT) AS source_key, CAST(v.source AS TEXT) AS source, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.place_1 AS BIGINT) AS place_1, CAST(v.place_2 AS BIGINT) AS place_2, CAST(v.place_3 AS BIGINT) AS place_3, CAST(v.place_4 AS BIGINT) AS place_4, CAST(v.platform AS TEXT) AS platform, CAST(v.os_version AS TEXT) AS os_version, CAST(v.manifest_key AS BIGINT) AS manifest_key, CAST(v.image_key AS BIGINT) AS image_key
FROM (SELECT r.index_key, r.source_key, r.source, r.repository_key, r.repository, r.tag, r.place_1, r.place_2, r.place_3, r.place_4,
    COALESCE(r.platform, i.platform) AS platform, COALESCE(r.os_version, i.os_version) AS os_version, r.manifest_key,
    r.image_key
FROM (
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.platform, l.os_version,
        CASE WHEN t.target_kind = 'manifest' THEN COALESCE(l.child_key, t.target_key) END AS manifest_key,
        CASE WHEN t.target_kind = 'image' THEN t.target_key WHEN m.kind = 'image' THEN m.config_key ELSE l.image_key END
            AS image_key,
        l.place_1, l.place_2, l.place_3, l.place_4
    FROM tag_targets AS t
    LEFT JOIN manifests AS m ON m.manifest_key = t.target_key AND t.target_kind = 'manifest'
    LEFT JOIN index_leaves AS l ON l.root_key = t.target_key AND t.target_kind = 'manifest'
        AND (l.child_kind IN ('image', 'schema1') OR (l.child_kind IS NULL AND (l.role = 'image' OR (l.role = 'unknown' AND l.media_type IS NULL))))
) AS r
LEFT JOIN images AS i ON i.image_key = r.image_key
) AS v
;
COMMENT ON VIEW tag_image_keys IS 'Key: source_key, repository_key, tag, place_1, place_2, place_3, place_4. The images that each current tag stands for, by key. Carries other views; may change.'
;
COMMENT ON COLUMN tag_image_keys.index_key IS 'The index that speaks for the source.'
;
COMMENT ON COLUMN tag_image_keys.source_key IS 'The source.'
;
COMMENT ON COLUMN tag_image_keys.source IS 'Name of the source.'
;
COMMENT ON COLUMN tag_image_keys.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_image_keys.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN tag_image_keys.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_image_keys.place_1 IS 'Position in the index that the tag points at; NULL if that is none.'
;
COMMENT ON COLUMN tag_image_keys.place_2 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN tag_image_keys.place_3 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN tag_image_keys.place_4 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN tag_image_keys.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN tag_image_keys.os_version IS 'Version of the operating system.'
;
COMMENT ON COLUMN tag_image_keys.manifest_key IS 'The manifest; NULL for a tag of an image.'
;
COMMENT ON COLUMN tag_image_keys.image_key IS 'The image, if it is one that was read.'
;
CREATE VIEW tag_images AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.position AS BIGINT) AS position, CAST(v.platform AS TEXT) AS platform, CAST(v.os_version AS TEXT) AS os_version, CAST(v.manifest_digest AS TEXT) AS manifest_digest, CAST(v.image_id AS TEXT) AS image_id, CAST(v.missing AS BOOLEAN) AS missing
FROM (SELECT
    r.source, r.repository, r.tag,
    ROW_NUMBER() OVER (
        PARTITION BY r.source_key, r.repository_key, r.tag ORDER BY r.place_1, r.place_2, r.place_3, r.place_4
    ) - 1 AS position,
    r.platform, r.os_version, mb.digest AS manifest_digest, ib.digest AS image_id,
    r.manifest_key IS NOT NULL AND p.manifest_key IS NULL AS missing
FROM tag_image_keys AS r
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
CREATE VIEW tag_move_keys AS
SELECT CAST(v.source_key AS BIGINT) AS source_key, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.tag AS TEXT) AS tag, CAST(v.first_seen_to AS TIMESTAMPTZ) AS first_seen_to, CAST(v.to_key AS BIGINT) AS to_key, CAST(v.from_key AS BIGINT) AS from_key, CAST(v.last_seen_from AS TIMESTAMPTZ) AS last_seen_from, CAST(v.evidence AS TEXT) AS evidence, CAST(v.moved_at AS TIMESTAMPTZ) AS moved_at, CAST(v.dated_by AS TEXT) AS dated_by
FROM (SELECT t.source_key, t.repository_key, t.tag, COALESCE(t.first_seen_at, t.valid_from) AS first_seen_to,
    t.target_key AS to_key, t.from_key, t.last_seen_from,
    CASE WHEN t.from_evidence = 'recovered' THEN 'recovered' ELSE t.evidence END AS evidence, t.valid_from AS moved_at,
    CASE WHEN t.valid_from = t.set_at THEN 'store' ELSE 'look' END AS dated_by
FROM source_tag_intervals AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
WHERE t.from_key IS NOT NULL
) AS v
;
COMMENT ON VIEW tag_move_keys IS 'Key: source_key, repository_key, tag, first_seen_to, to_key. Every move of a tag, by key. Carries other views; may change.'
;
COMMENT ON COLUMN tag_move_keys.source_key IS 'The source.'
;
COMMENT ON COLUMN tag_move_keys.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_move_keys.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_move_keys.first_seen_to IS 'Our first sight of the new target, or when the store says it was set: it had moved by then.'
;
COMMENT ON COLUMN tag_move_keys.to_key IS 'Where it points after the move.'
;
COMMENT ON COLUMN tag_move_keys.from_key IS 'Where it pointed before.'
;
COMMENT ON COLUMN tag_move_keys.last_seen_from IS 'Our last sight of the old target, or when that was set: it moved after this.'
;
COMMENT ON COLUMN tag_move_keys.evidence IS 'observed = looks saw both targets; recovered = the store remembers one of them.'
;
COMMENT ON COLUMN tag_move_keys.moved_at IS 'When it moved, as well as is known: in (last_seen_from, first_seen_to].'
;
COMMENT ON COLUMN tag_move_keys.dated_by IS 'store = moved_at is what the store says; look = it is our first sight of the new target.'
;
CREATE VIEW tag_moves AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.first_seen_to AS TIMESTAMPTZ) AS first_seen_to, CAST(v.to_digest AS TEXT) AS to_digest, CAST(v.from_digest AS TEXT) AS from_digest, CAST(v.last_seen_from AS TIMESTAMPTZ) AS last_seen_from, CAST(v.evidence AS TEXT) AS evidence, CAST(v.moved_at AS TIMESTAMPTZ) AS moved_at, CAST(v.dated_by AS TEXT) AS dated_by
FROM (SELECT s.name AS source, r.name AS repository, v.tag, v.first_seen_to, b.digest AS to_digest, f.digest AS from_digest,
    v.last_seen_from, v.evidence, v.moved_at, v.dated_by
FROM tag_move_keys AS v
JOIN source_streams AS s ON s.source_key = v.source_key
JOIN repositories AS r ON r.repository_key = v.repository_key
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
COMMENT ON COLUMN tag_moves.first_seen_to IS 'Our first sight of the new target, or when the store says it was set: it had moved by then.'
;
COMMENT ON COLUMN tag_moves.to_digest IS 'Where it points after the move.'
;
COMMENT ON COLUMN tag_moves.from_digest IS 'Where it pointed before.'
;
COMMENT ON COLUMN tag_moves.last_seen_from IS 'Our last sight of the old target, or when that was set: it moved after this.'
;
COMMENT ON COLUMN tag_moves.evidence IS 'observed = looks saw both targets; recovered = the store remembers one of them.'
;
COMMENT ON COLUMN tag_moves.moved_at IS 'When it moved, as well as is known: in (last_seen_from, first_seen_to].'
;
COMMENT ON COLUMN tag_moves.dated_by IS 'store = moved_at is what the store says; look = it is our first sight of the new target.'
;
CREATE VIEW target_leaves AS
SELECT CAST(v.root_key AS BIGINT) AS root_key, CAST(v.place_1 AS BIGINT) AS place_1, CAST(v.place_2 AS BIGINT) AS place_2, CAST(v.place_3 AS BIGINT) AS place_3, CAST(v.place_4 AS BIGINT) AS place_4, CAST(v.manifest_key AS BIGINT) AS manifest_key, CAST(v.image_key AS BIGINT) AS image_key, CAST(v.leaf_key AS BIGINT) AS leaf_key, CAST(v.platform AS TEXT) AS platform
FROM (SELECT l.root_key, l.place_1, l.place_2, l.place_3, l.place_4, l.child_key AS manifest_key, l.image_key,
    l.child_key AS leaf_key, COALESCE(l.platform, i.platform, 'unknown') AS platform
FROM index_leaves AS l
LEFT JOIN images AS i ON i.image_key = l.image_key
WHERE l.role IN ('image', 'unknown') AND (l.child_kind = 'image' OR (l.child_kind IS NULL AND (l.role = 'image' OR (l.role = 'unknown' AND l.media_type IS NULL))))
UNION ALL
SELECT m.manifest_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, m.manifest_key,
    m.config_key AS image_key, m.manifest_key AS leaf_key, COALESCE(i.platform, 'unknown') AS platform
FROM manifests AS m
LEFT JOIN images AS i ON i.image_key = m.config_key
WHERE m.kind = 'image'
UNION ALL
SELECT i.image_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, NULL AS manifest_key,
    i.image_key, i.image_key AS leaf_key, COALESCE(i.platform, 'unknown') AS platform
FROM images AS i
) AS v
;
COMMENT ON VIEW target_leaves IS 'Key: root_key, place_1, place_2, place_3, place_4. What every possible target of a tag stands for, platform by platform: the images under an index, or the one image. Carries other views; may change.'
;
COMMENT ON COLUMN target_leaves.root_key IS 'The index, manifest or image.'
;
COMMENT ON COLUMN target_leaves.place_1 IS 'Position in it.'
;
COMMENT ON COLUMN target_leaves.place_2 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN target_leaves.place_3 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN target_leaves.place_4 IS 'Position in the index under that; -1 = none.'
;
COMMENT ON COLUMN target_leaves.manifest_key IS 'The manifest; NULL where the target is an image.'
;
COMMENT ON COLUMN target_leaves.image_key IS 'The image; NULL if the manifest was not read.'
;
COMMENT ON COLUMN target_leaves.leaf_key IS 'The manifest, else the image.'
;
COMMENT ON COLUMN target_leaves.platform IS 'os/architecture[/variant], normalised; unknown where nothing says it.'
;
CREATE VIEW tag_platform_move_keys AS
SELECT CAST(v.source_key AS BIGINT) AS source_key, CAST(v.repository_key AS BIGINT) AS repository_key, CAST(v.tag AS TEXT) AS tag, CAST(v.first_seen_to AS TIMESTAMPTZ) AS first_seen_to, CAST(v.to_key AS BIGINT) AS to_key, CAST(v.from_key AS BIGINT) AS from_key, CAST(v.last_seen_from AS TIMESTAMPTZ) AS last_seen_from, CAST(v.evidence AS TEXT) AS evidence, CAST(v.platform AS TEXT) AS platform, CAST(v.from_manifest_key AS BIGINT) AS from_manifest_key, CAST(v.to_manifest_key AS BIGINT) AS to_manifest_key, CAST(v.from_image_key AS BIGINT) AS from_image_key, CAST(v.to_image_key AS BIGINT) AS to_image_key, CAST(v.change AS TEXT) AS change, CAST(v.moved_at AS TIMESTAMPTZ) AS moved_at, CAST(v.dated_by AS TEXT) AS dated_by
FROM (WITH moves AS MATERIALIZED (
    SELECT source_key, repository_key, tag, first_seen_to, to_key, from_key, last_seen_from, evidence, moved_at, dated_by
    FROM tag_move_keys
), pairs AS (
    -- Many tags move from one target to the same other.
    SELECT DISTINCT from_key, to_key FROM moves
), leaves AS (
    SELECT root_key, place_1, place_2, place_3, place_4, manifest_key, image_key, leaf_key, platform FROM target_leaves
), sides AS (
    SELECT n.from_key, n.to_key, n.platform, n.manifest_key, n.image_key, 0 AS is_new
    FROM (
        SELECT p.from_key, p.to_key, l.platform, l.manifest_key, l.image_key,
            ROW_NUMBER() OVER (
                PARTITION BY p.from_key, p.to_key, l.platform ORDER BY l.place_1, l.place_2, l.place_3, l.place_4
            ) AS place
        FROM pairs AS p
        JOIN leaves AS l ON l.root_key = p.from_key
        LEFT JOIN leaves AS x ON x.root_key = p.to_key AND x.platform = l.platform AND x.leaf_key = l.leaf_key
        WHERE x.root_key IS NULL
    ) AS n
    WHERE n.place <= 1
UNION ALL
    SELECT n.from_key, n.to_key, n.platform, n.manifest_key, n.image_key, 1 AS is_new
    FROM (
        SELECT p.from_key, p.to_key, l.platform, l.manifest_key, l.image_key,
            ROW_NUMBER() OVER (
                PARTITION BY p.from_key, p.to_key, l.platform ORDER BY l.place_1, l.place_2, l.place_3, l.place_4
            ) AS place
        FROM pairs AS p
        JOIN leaves AS l ON l.root_key = p.to_key
        LEFT JOIN leaves AS x ON x.root_key = p.from_key AND x.platform = l.platform AND x.leaf_key = l.leaf_key
        WHERE x.root_key IS NULL
    ) AS n
    WHERE n.place <= 1
), changes AS MATERIALIZED (
    -- Apart, since PostgreSQL thinks all this so dear that it no longer minds how it joins the rest of a question.
    SELECT d.from_key, d.to_key, d.platform,
        MAX(CASE WHEN d.is_new = 0 THEN d.manifest_key END) AS from_manifest_key,
        MAX(CASE WHEN d.is_new = 0 THEN d.image_key END) AS from_image_key,
        MAX(CASE WHEN d.is_new = 1 THEN d.manifest_key END) AS to_manifest_key,
        MAX(CASE WHEN d.is_new = 1 THEN d.image_key END) AS to_image_key,
        CASE WHEN MIN(d.is_new) = 1 THEN 'added' WHEN MAX(d.is_new) = 0 THEN 'removed' ELSE 'moved' END AS change
    FROM sides AS d
    GROUP BY d.from_key, d.to_key, d.platform
)
SELECT v.source_key, v.repository_key, v.tag, v.first_seen_to, v.to_key, v.from_key, v.last_seen_from, v.evidence,
    c.platform, c.from_manifest_key, c.to_manifest_key, c.from_image_key, c.to_image_key, c.change, v.moved_at, v.dated_by
FROM moves AS v
JOIN changes AS c ON c.from_key = v.from_key AND c.to_key = v.to_key
) AS v
;
COMMENT ON VIEW tag_platform_move_keys IS 'Key: source_key, repository_key, tag, first_seen_to, to_key, platform. What each move of a tag changed, platform by platform, by key. Carries other views; may change.'
;
COMMENT ON COLUMN tag_platform_move_keys.source_key IS 'The source.'
;
COMMENT ON COLUMN tag_platform_move_keys.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_platform_move_keys.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_platform_move_keys.first_seen_to IS 'Our first sight of the new target, or when the store says it was set: it had moved by then.'
;
COMMENT ON COLUMN tag_platform_move_keys.to_key IS 'Where it points after the move.'
;
COMMENT ON COLUMN tag_platform_move_keys.from_key IS 'Where it pointed before.'
;
COMMENT ON COLUMN tag_platform_move_keys.last_seen_from IS 'Our last sight of the old target, or when that was set: it moved after this.'
;
COMMENT ON COLUMN tag_platform_move_keys.evidence IS 'observed = looks saw both targets; recovered = the store remembers one of them.'
;
COMMENT ON COLUMN tag_platform_move_keys.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN tag_platform_move_keys.from_manifest_key IS 'The platform''s manifest before.'
;
COMMENT ON COLUMN tag_platform_move_keys.to_manifest_key IS 'The platform''s manifest after.'
;
COMMENT ON COLUMN tag_platform_move_keys.from_image_key IS 'The platform''s image before.'
;
COMMENT ON COLUMN tag_platform_move_keys.to_image_key IS 'The platform''s image after.'
;
COMMENT ON COLUMN tag_platform_move_keys.change IS 'moved, added or removed.'
;
COMMENT ON COLUMN tag_platform_move_keys.moved_at IS 'When it moved, as well as is known: in (last_seen_from, first_seen_to].'
;
COMMENT ON COLUMN tag_platform_move_keys.dated_by IS 'store = moved_at is what the store says; look = it is our first sight of the new target.'
;
CREATE VIEW tag_platform_moves AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag AS TEXT) AS tag, CAST(v.first_seen_to AS TIMESTAMPTZ) AS first_seen_to, CAST(v.to_digest AS TEXT) AS to_digest, CAST(v.from_digest AS TEXT) AS from_digest, CAST(v.last_seen_from AS TIMESTAMPTZ) AS last_seen_from, CAST(v.evidence AS TEXT) AS evidence, CAST(v.platform AS TEXT) AS platform, CAST(v.from_manifest_digest AS TEXT) AS from_manifest_digest, CAST(v.to_manifest_digest AS TEXT) AS to_manifest_digest, CAST(v.from_image_id AS TEXT) AS from_image_id, CAST(v.to_image_id AS TEXT) AS to_image_id, CAST(v.change AS TEXT) AS change, CAST(v.moved_at AS TIMESTAMPTZ) AS moved_at, CAST(v.dated_by AS TEXT) AS dated_by
FROM (SELECT s.name AS source, r.name AS repository, v.tag, v.first_seen_to, t.digest AS to_digest, f.digest AS from_digest,
    v.last_seen_from, v.evidence, v.platform, fm.digest AS from_manifest_digest, tm.digest AS to_manifest_digest,
    fi.digest AS from_image_id, ti.digest AS to_image_id, v.change, v.moved_at, v.dated_by
FROM tag_platform_move_keys AS v
JOIN source_streams AS s ON s.source_key = v.source_key
JOIN repositories AS r ON r.repository_key = v.repository_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
LEFT JOIN blobs AS t ON t.blob_key = v.to_key
LEFT JOIN blobs AS fm ON fm.blob_key = v.from_manifest_key
LEFT JOIN blobs AS tm ON tm.blob_key = v.to_manifest_key
LEFT JOIN blobs AS fi ON fi.blob_key = v.from_image_key
LEFT JOIN blobs AS ti ON ti.blob_key = v.to_image_key
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
COMMENT ON COLUMN tag_platform_moves.first_seen_to IS 'Our first sight of the new target, or when the store says it was set: it had moved by then.'
;
COMMENT ON COLUMN tag_platform_moves.to_digest IS 'Where it points after the move.'
;
COMMENT ON COLUMN tag_platform_moves.from_digest IS 'Where it pointed before.'
;
COMMENT ON COLUMN tag_platform_moves.last_seen_from IS 'Our last sight of the old target, or when that was set: it moved after this.'
;
COMMENT ON COLUMN tag_platform_moves.evidence IS 'observed = looks saw both targets; recovered = the store remembers one of them.'
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
COMMENT ON COLUMN tag_platform_moves.moved_at IS 'When it moved, as well as is known: in (last_seen_from, first_seen_to].'
;
COMMENT ON COLUMN tag_platform_moves.dated_by IS 'store = moved_at is what the store says; look = it is our first sight of the new target.'
;
CREATE VIEW layer_usage AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.store AS TEXT) AS store, CAST(v.unit AS TEXT) AS unit, CAST(v.diff_id AS TEXT) AS diff_id, CAST(v.blob_digest AS TEXT) AS blob_digest, CAST(v.chain_id AS TEXT) AS chain_id, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.repository_count AS BIGINT) AS repository_count
FROM (SELECT s.name AS source, u.basis, NULLIF(u.store, '') AS store,
    COALESCE(c.chain_id, CASE WHEN u.store = 'archive' THEN l.diff_id END, b.digest) AS unit,
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
COMMENT ON VIEW layer_usage IS 'Key: source, basis, store, unit. What images share: each blob, or each stack within its store, with its size and how many use it; and, where a store counts it, what it keeps of each image beside its layers.'
;
COMMENT ON COLUMN layer_usage.source IS 'Name of the source.'
;
COMMENT ON COLUMN layer_usage.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN layer_usage.store IS 'Graph driver or namespace/snapshotter; NULL for blobs and what is kept of an image.'
;
COMMENT ON COLUMN layer_usage.unit IS 'Blob digest, chain ID or, in docker''s archives, diff ID; of what is kept of an image beside its layers, its ID.'
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
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, iu.unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN source_image_units AS iu ON iu.index_key = ri.index_key AND iu.source_key = ri.source_key
        AND iu.image_key = ri.image_key AND iu.basis <> 'compressed'
    JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
        AND u.store = iu.store AND u.unit_key = iu.unit_key AND u.layer_key IS NOT NULL
    WHERE ri.manifest_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM source_usage AS c
        WHERE c.index_key = ri.index_key AND c.source_key = ri.source_key AND c.basis = 'compressed'
    )
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
        SELECT DISTINCT index_key, source_key, scope_key FROM scan_scopes WHERE kind IN ('layout', 'archive', 'dir')
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
        CASE WHEN u.image_count > 0 THEN 'distinct' WHEN x.chain_key IS NOT NULL OR u.chain_key IS NULL THEN 'untagged'
            ELSE 'orphan' END AS class
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
    SELECT index_key, source_key, basis,
        SUM(CASE WHEN image_count > 0 AND (basis = 'compressed' OR layer_key IS NOT NULL) THEN 1 ELSE 0 END) AS layer_count,
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
COMMENT ON COLUMN source_sizes.layer_count IS 'Distinct blobs or stacks that they use.'
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
    s.name AS source, b.digest AS image_id,
    COALESCE(p.platform, i.platform) AS platform,
    COALESCE(i.os, p.os) AS os, COALESCE(i.architecture, p.architecture) AS architecture,
    COALESCE(i.variant, p.variant) AS variant,
    i.created_at,
    COALESCE(i.layer_count, p.layer_count) AS layer_count, i.history_count,
    p.listed, p.tag_count, p.names
FROM source_image_summaries AS p
JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
JOIN blobs AS b ON b.blob_key = p.image_key
LEFT JOIN images AS i ON i.image_key = p.image_key
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
FROM source_image_units AS iu
JOIN source_streams AS s ON s.index_key = iu.index_key AND s.source_key = iu.source_key
JOIN blobs AS b ON b.blob_key = iu.image_key
JOIN image_layers AS il ON il.image_key = iu.image_key
    AND iu.unit_key = CASE WHEN iu.store = 'archive' THEN il.layer_key ELSE il.chain_key END
JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
    AND u.store = iu.store AND u.unit_key = iu.unit_key
WHERE iu.basis <> 'compressed'
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
    SELECT DISTINCT si.source_key, s.name AS source, si.image_key, i.chain_key, i.layer_count, i.created_at, i.image_id
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    JOIN images AS i ON i.image_key = si.image_key
    WHERE si.ended_at IS NULL AND si.listed
), named AS (
    SELECT DISTINCT source_key, image_key FROM tag_reach
), candidates AS (
    SELECT c.source_key, c.chain_key, c.image_id, c.layer_count, c.tie_count
    FROM (
        SELECT p.source_key, p.chain_key, p.image_id, p.layer_count,
            COUNT(*) OVER (PARTITION BY p.source_key, p.chain_key) AS tie_count,
            ROW_NUMBER() OVER (
                PARTITION BY p.source_key, p.chain_key ORDER BY p.created_at ASC NULLS LAST, p.image_id
            ) AS place
        FROM present AS p
        JOIN named AS n ON n.source_key = p.source_key AND n.image_key = p.image_key
        WHERE p.chain_key IS NOT NULL
    ) AS c
    WHERE c.place <= 1
), below AS MATERIALIZED (
    -- Before it meets the candidates: joined with them by source alone, all images would meet all.
    SELECT p.source_key, p.source, p.image_key, p.image_id, il.position, il.chain_key
    FROM present AS p
    JOIN image_layers AS il ON il.image_key = p.image_key AND il.position + 1 < p.layer_count
), deepest AS (
    SELECT d.source_key, d.source, d.image_key, d.image_id, d.base_image_id, d.layer_count, d.tie_count
    FROM (
        SELECT b.source_key, b.source, b.image_key, b.image_id, c.image_id AS base_image_id, c.layer_count, c.tie_count,
            ROW_NUMBER() OVER (PARTITION BY b.source_key, b.image_key ORDER BY b.position DESC) AS place
        FROM below AS b
        JOIN candidates AS c ON c.source_key = b.source_key AND c.chain_key = b.chain_key
    ) AS d
    WHERE d.place <= 1
), claimed AS (
    SELECT sm.source_key, m.config_key AS image_key, MIN(base.image_id) AS base_image_id, MIN(base.layer_count) AS layer_count
    FROM manifest_annotations AS a
    JOIN manifests AS m ON m.manifest_key = a.manifest_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN blobs AS b ON b.digest = a.value
    JOIN manifests AS bm ON bm.manifest_key = b.blob_key AND bm.kind = 'image'
    JOIN images AS base ON base.image_key = bm.config_key
    WHERE a.name = 'org.opencontainers.image.base.digest' AND bm.config_key <> m.config_key
    GROUP BY sm.source_key, m.config_key
)
SELECT d.source, d.image_id, d.base_image_id, d.layer_count AS base_layer_count, d.tie_count, 'chain' AS evidence
FROM deepest AS d
UNION ALL
SELECT p.source, p.image_id, k.base_image_id, k.layer_count AS base_layer_count, CAST(1 AS BIGINT) AS tie_count,
    'annotation' AS evidence
FROM claimed AS k
JOIN present AS p ON p.source_key = k.source_key AND p.image_key = k.image_key
LEFT JOIN deepest AS d ON d.source_key = k.source_key AND d.image_key = k.image_key
WHERE d.image_key IS NULL
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
