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
