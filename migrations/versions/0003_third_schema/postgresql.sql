CREATE TABLE source_tag_intervals (
    index_key UUID NOT NULL,
    source_key BIGINT NOT NULL,
    scope_key BIGINT NOT NULL,
    repository_key BIGINT NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    target_key BIGINT,
    target_kind TEXT COLLATE "C" NOT NULL,
    set_at TIMESTAMPTZ,
    first_seen_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    valid_from TIMESTAMPTZ,
    valid_to TIMESTAMPTZ,
    evidence TEXT COLLATE "C" NOT NULL,
    from_key BIGINT,
    last_seen_from TIMESTAMPTZ,
    from_evidence TEXT COLLATE "C",
    PRIMARY KEY (index_key, source_key, scope_key, repository_key, tag, place)
)
;
COMMENT ON TABLE source_tag_intervals IS 'Where tags point and pointed: what looks saw and what stores remember, made into one history.'
;
COMMENT ON COLUMN source_tag_intervals.index_key IS 'The index that made this observation.'
;
COMMENT ON COLUMN source_tag_intervals.source_key IS 'The source that was looked at.'
;
COMMENT ON COLUMN source_tag_intervals.scope_key IS 'The scope whose listing holds it: what is listed in one go.'
;
COMMENT ON COLUMN source_tag_intervals.repository_key IS 'The repository.'
;
COMMENT ON COLUMN source_tag_intervals.tag IS 'The tag.'
;
COMMENT ON COLUMN source_tag_intervals.place IS 'Place in the tag''s history, from 1; what is undated comes last.'
;
COMMENT ON COLUMN source_tag_intervals.target_key IS 'What it pointed at; NULL if listed without a digest.'
;
COMMENT ON COLUMN source_tag_intervals.target_kind IS 'image or manifest.'
;
COMMENT ON COLUMN source_tag_intervals.set_at IS 'When the store says it was set; NULL if it does not say.'
;
COMMENT ON COLUMN source_tag_intervals.first_seen_at IS 'Our first sight of it; NULL if no look saw it so.'
;
COMMENT ON COLUMN source_tag_intervals.last_seen_at IS 'Our last sight of it; where it is current, later complete looks confirm it. NULL if no look saw it so.'
;
COMMENT ON COLUMN source_tag_intervals.valid_from IS 'Where the interval begins; NULL if undated.'
;
COMMENT ON COLUMN source_tag_intervals.valid_to IS 'Where it ends; NULL = current, or undated.'
;
COMMENT ON COLUMN source_tag_intervals.evidence IS 'observed: a look saw it. recovered: the store remembers it.'
;
COMMENT ON COLUMN source_tag_intervals.from_key IS 'What the tag moved from when this began; NULL if it did not move.'
;
COMMENT ON COLUMN source_tag_intervals.last_seen_from IS 'Our last sight of that, or when it was set.'
;
COMMENT ON COLUMN source_tag_intervals.from_evidence IS 'The evidence of that.'
;
CREATE INDEX source_tag_intervals_by_repository_key ON source_tag_intervals (repository_key)
;
CREATE INDEX source_tag_intervals_by_target_key ON source_tag_intervals (target_key)
;
CREATE INDEX source_tag_intervals_by_from_key ON source_tag_intervals (from_key)
;
