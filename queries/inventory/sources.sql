-- Which sources does the index have, and how did their last look go?
SELECT
    s.source, s.kind, s.last_complete_at, s.last_outcome, s.image_count, s.tag_count, s.problem_count, s.address
FROM source_status AS s
ORDER BY s.source
