ALTER TABLE index_info ADD COLUMN merged_at TIMESTAMPTZ
;
COMMENT ON COLUMN index_info.merged_at IS 'When it was first merged into this database; NULL = it is this database''s own.'
;
ALTER TABLE sources ADD COLUMN pruned_before TIMESTAMPTZ
;
COMMENT ON COLUMN sources.pruned_before IS 'Observations that ended before this were dropped; NULL = all are kept.'
;
COMMENT ON COLUMN tags.evidence IS 'observed: a look saw it. What is recovered is in tag_traces.'
;
CREATE TABLE tag_traces (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    repository_key BIGINT NOT NULL,
    tag TEXT NOT NULL,
    target_key BIGINT NOT NULL,
    target_kind TEXT NOT NULL,
    basis TEXT NOT NULL,
    dated_at TIMESTAMPTZ NOT NULL
)
;
COMMENT ON TABLE tag_traces IS 'What stores remember of where tags pointed. These are facts, never changed: tag_history makes intervals of them.'
;
COMMENT ON COLUMN tag_traces.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN tag_traces.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN tag_traces.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN tag_traces.repository_key IS 'The repository.'
;
COMMENT ON COLUMN tag_traces.tag IS 'The tag.'
;
COMMENT ON COLUMN tag_traces.target_key IS 'Key of the digest it pointed at.'
;
COMMENT ON COLUMN tag_traces.target_kind IS 'image (docker''s graph drivers, archives) or manifest (all else).'
;
COMMENT ON COLUMN tag_traces.basis IS 'set = the store says when it was set to it; seen = a look saw it so, too late to decide; known = it once was so.'
;
COMMENT ON COLUMN tag_traces.dated_at IS 'When it was set, or seen; if it is merely known, the earliest look that found the trace.'
;
CREATE TABLE source_image_summaries (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    image_key BIGINT NOT NULL,
    listed BOOLEAN NOT NULL,
    platform TEXT,
    os TEXT,
    architecture TEXT,
    variant TEXT,
    layer_count BIGINT,
    tag_count BIGINT NOT NULL,
    names TEXT
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
CREATE TABLE source_image_units (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    basis TEXT NOT NULL,
    store TEXT NOT NULL,
    unit_key BIGINT NOT NULL,
    image_key BIGINT NOT NULL,
    listed BOOLEAN NOT NULL
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
ALTER TABLE source_images ADD COLUMN own_bytes BIGINT
;
COMMENT ON COLUMN source_images.own_bytes IS 'What the store keeps of it beside its layers, such as manifests and config; NULL where that is in blobs.'
;
