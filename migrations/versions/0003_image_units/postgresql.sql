DROP VIEW image_summary
;
CREATE TABLE source_image_summaries (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    image_key BIGINT NOT NULL,
    listed BOOLEAN NOT NULL,
    platform TEXT COLLATE "C",
    os TEXT COLLATE "C",
    architecture TEXT COLLATE "C",
    variant TEXT COLLATE "C",
    layer_count BIGINT,
    tag_count BIGINT NOT NULL,
    names TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, image_key)
)
;
COMMENT ON TABLE source_image_summaries IS 'What a source says of each of its images beside the config.'
;
COMMENT ON COLUMN source_image_summaries.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_image_summaries.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_image_summaries.image_key IS 'The image.'
;
COMMENT ON COLUMN source_image_summaries.listed IS 'The store lists it.'
;
COMMENT ON COLUMN source_image_summaries.platform IS 'os/architecture[/variant] of its index entries, normalised; the first if they differ.'
;
COMMENT ON COLUMN source_image_summaries.os IS 'Operating system of its index entries.'
;
COMMENT ON COLUMN source_image_summaries.architecture IS 'Architecture of its index entries.'
;
COMMENT ON COLUMN source_image_summaries.variant IS 'Variant of its index entries.'
;
COMMENT ON COLUMN source_image_summaries.layer_count IS 'Entries in the layer list of its manifest; NULL without one.'
;
COMMENT ON COLUMN source_image_summaries.tag_count IS 'Current tags that reach it.'
;
COMMENT ON COLUMN source_image_summaries.names IS 'Those tags as repository:tag, sorted, separated by a comma and a space; NULL if none.'
;
CREATE INDEX source_image_summaries_by_image_key ON source_image_summaries (image_key)
;
CREATE TABLE source_image_units (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    unit_key BIGINT NOT NULL,
    image_key BIGINT NOT NULL,
    listed BOOLEAN NOT NULL,
    PRIMARY KEY (index_key, source_key, basis, store, unit_key, image_key)
)
;
COMMENT ON TABLE source_image_units IS 'Which units each image of a source uses, each once.'
;
COMMENT ON COLUMN source_image_units.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_image_units.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_image_units.basis IS 'What is counted: compressed (blobs), uncompressed (tars) or on_disk (unpacked files).'
;
COMMENT ON COLUMN source_image_units.store IS 'Graph driver or namespace/snapshotter; empty for blobs.'
;
COMMENT ON COLUMN source_image_units.unit_key IS 'Key of what is shared: a blob, or a chain within its store.'
;
COMMENT ON COLUMN source_image_units.image_key IS 'An image that uses it, listed or not.'
;
COMMENT ON COLUMN source_image_units.listed IS 'The store lists the image.'
;
CREATE INDEX source_image_units_by_image_key ON source_image_units (image_key)
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
JOIN image_layers AS il ON il.image_key = u.image_key AND il.chain_key = u.unit_key
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
INSERT INTO source_image_units (index_key, source_key, basis, store, unit_key, image_key, listed)
WITH present AS (
    SELECT index_key, source_key, scope_key, image_key, BOOL_OR(listed) AS listed
    FROM source_images WHERE ended_at IS NULL GROUP BY index_key, source_key, scope_key, image_key
), listed AS (
    SELECT index_key, source_key, image_key, BOOL_OR(listed) AS listed
    FROM present GROUP BY index_key, source_key, image_key
), held AS (
    SELECT DISTINCT index_key, source_key, blob_key
    FROM source_blobs WHERE ended_at IS NULL AND bytes_evidence = 'held'
), stores AS (
    SELECT DISTINCT index_key, source_key, scope_key, store, basis FROM source_layers WHERE ended_at IS NULL
)
SELECT p.index_key, p.source_key, 'compressed' AS basis, '' AS store, ml.blob_key AS unit_key, p.image_key, p.listed
FROM source_manifests AS sm
JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
JOIN listed AS p ON p.index_key = sm.index_key AND p.source_key = sm.source_key AND p.image_key = m.config_key
JOIN manifest_layers AS ml ON ml.manifest_key = sm.manifest_key
LEFT JOIN held AS h ON h.index_key = sm.index_key AND h.source_key = sm.source_key AND h.blob_key = ml.blob_key
WHERE sm.ended_at IS NULL AND (NOT ml.is_foreign OR h.blob_key IS NOT NULL)
GROUP BY p.index_key, p.source_key, ml.blob_key, p.image_key, p.listed
UNION ALL
SELECT p.index_key, p.source_key, s.basis, s.store, il.chain_key AS unit_key, p.image_key, BOOL_OR(p.listed) AS listed
FROM present AS p
JOIN stores AS s ON s.index_key = p.index_key AND s.source_key = p.source_key AND s.scope_key = p.scope_key
JOIN image_layers AS il ON il.image_key = p.image_key
GROUP BY p.index_key, p.source_key, s.basis, s.store, il.chain_key, p.image_key
;
INSERT INTO source_image_summaries
    (index_key, source_key, image_key, listed, platform, os, architecture, variant, layer_count, tag_count, names)
SELECT p.index_key, p.source_key, p.image_key, BOOL_OR(p.listed) AS listed, MIN(e.platform) AS platform,
    MIN(e.os) AS os, MIN(e.architecture) AS architecture, MIN(e.variant) AS variant,
    MIN(e.layer_count) AS layer_count, COALESCE(MIN(n.tag_count), 0) AS tag_count, MIN(n.names) AS names
FROM source_images AS p
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
    FROM image_names AS d
    GROUP BY d.index_key, d.source_key, d.image_key
) AS n ON n.index_key = p.index_key AND n.source_key = p.source_key AND n.image_key = p.image_key
WHERE p.ended_at IS NULL
GROUP BY p.index_key, p.source_key, p.image_key
;
