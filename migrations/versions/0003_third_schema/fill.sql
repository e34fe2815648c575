INSERT INTO source_tag_intervals (index_key, source_key, scope_key, repository_key, tag, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, evidence, from_key, last_seen_from, from_evidence)
SELECT index_key, source_key, scope_key, repository_key, tag, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, evidence, from_key, last_seen_from, from_evidence
FROM (WITH facts AS (
    -- A number is sorted and joined several times below, and five columns would be. No join gives it, since PostgreSQL
    -- takes a join by five columns for one of a single row.
    SELECT k.*, DENSE_RANK() OVER (ORDER BY index_key, source_key, scope_key, repository_key, tag) AS tag_number
    FROM (
        SELECT index_key, source_key, scope_key, repository_key, tag, target_key, target_kind, basis, dated_at, NULL AS set_at, NULL AS first_seen_at, NULL AS last_seen_at,
            NULL AS ended_at
        FROM tag_traces WHERE 1 = 1
        UNION ALL
        SELECT index_key, source_key, scope_key, repository_key, tag, target_key, target_kind, 'look' AS basis, valid_from AS dated_at, set_at, first_seen_at, last_seen_at,
            ended_at
        FROM tags WHERE 1 = 1
    ) AS k
), sighted AS (
    SELECT f.tag_number, f.target_key, f.target_kind, f.set_at, f.first_seen_at,
        COALESCE(f.last_seen_at, f.first_seen_at) AS last_seen_at,
        f.dated_at AS starts_at, f.ended_at AS ends_at, CASE WHEN f.ended_at IS NULL THEN 1 ELSE 0 END AS is_open
    FROM facts AS f
    WHERE f.basis = 'look'
), looks AS (
    SELECT index_key, source_key, scope_key, as_of AS looked_at FROM scan_scopes WHERE 1 = 1 AND outcome = 'complete'
    UNION ALL
    -- A complete catalog that does not list a scope has found it gone.
    SELECT s.index_key, s.source_key, s.scope_key, k.as_of AS looked_at
    FROM (SELECT DISTINCT index_key, source_key, scope_key FROM facts WHERE basis <> 'look') AS s
    JOIN scan_scopes AS k ON k.index_key = s.index_key AND k.source_key = s.source_key
        AND k.kind = 'catalog' AND k.outcome = 'complete'
    LEFT JOIN scan_scopes AS l ON l.index_key = k.index_key AND l.scan_key = k.scan_key AND l.scope_key = s.scope_key
    WHERE l.scan_key IS NULL
), traces AS (
    SELECT w.tag_number, w.target_key, w.target_kind, w.basis, w.dated_at, w.missed_at
    FROM (
        SELECT u.*,
            -- The first complete look after it.
            MIN(u.looked_at) OVER (
                PARTITION BY u.index_key, u.source_key, u.scope_key ORDER BY u.dated_at DESC, u.is_look
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS missed_at
        FROM (
            SELECT index_key, source_key, scope_key, tag_number, target_key, target_kind, MAX(basis) AS basis, dated_at,
                NULL AS looked_at, 0 AS is_look
            FROM facts
            WHERE basis <> 'known' AND basis <> 'look'
            GROUP BY index_key, source_key, scope_key, tag_number, target_key, target_kind, dated_at
            UNION ALL
            SELECT index_key, source_key, scope_key, NULL AS tag_number, NULL AS target_key, NULL AS target_kind,
                NULL AS basis, looked_at AS dated_at, looked_at, 1 AS is_look
            FROM looks
        ) AS u
    ) AS w
    WHERE w.is_look < 1
), events AS (
    SELECT tag_number, target_key, target_kind, set_at, first_seen_at, last_seen_at, starts_at, ends_at, is_open,
        1 AS is_observed, 0 AS is_known, NULL AS made_at
    FROM sighted
    UNION ALL
    SELECT t.tag_number, t.target_key, t.target_kind,
        CASE WHEN t.basis = 'set' THEN t.dated_at END AS set_at,
        CASE WHEN t.basis = 'seen' THEN t.dated_at END AS first_seen_at,
        CASE WHEN t.basis = 'seen' THEN t.dated_at END AS last_seen_at,
        t.dated_at AS starts_at, t.missed_at AS ends_at, 0 AS is_open, 0 AS is_observed,
        -- The same push was seen: at this very time.
        CASE WHEN o.tag_number IS NULL THEN 0 ELSE 1 END AS is_known, i.created_at AS made_at
    FROM traces AS t
    -- Where two were set at one time, what was made later is taken for the later.
    LEFT JOIN manifests AS m ON m.manifest_key = t.target_key
    LEFT JOIN images AS i ON i.image_key = COALESCE(m.config_key, t.target_key)
    LEFT JOIN (SELECT DISTINCT tag_number, target_key, target_kind, starts_at FROM sighted) AS o
        ON o.tag_number = t.tag_number AND o.target_key = t.target_key AND o.target_kind = t.target_kind
        AND o.starts_at = t.dated_at
),
placed AS (
    SELECT e.*, ROW_NUMBER() OVER per_tag AS turn,
        MAX(CASE WHEN e.is_observed = 1 THEN e.last_seen_at END) OVER before AS sighted_until,
        MAX(e.is_open) OVER before AS after_open,
        -- The same push was seen: next, since a push writes several links one after the other.
        CASE WHEN LEAD(e.is_observed) OVER per_tag = 1 AND LEAD(e.target_key) OVER per_tag = e.target_key
                AND LEAD(e.starts_at) OVER per_tag <= e.starts_at + INTERVAL '60' SECOND THEN 1
            ELSE e.is_known END AS was_seen
    FROM events AS e
    WINDOW per_tag AS (
        PARTITION BY e.tag_number ORDER BY e.starts_at, e.is_observed, e.made_at NULLS FIRST, e.target_key
    ), before AS (
        PARTITION BY e.tag_number ORDER BY e.starts_at, e.is_observed, e.made_at NULLS FIRST, e.target_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
), followed AS (
    SELECT p.*, LAG(p.target_key) OVER per_tag AS target_before, LAG(p.ends_at) OVER per_tag AS ends_before
    FROM placed AS p
    WHERE p.is_observed > 0 OR (
        p.was_seen = 0 AND COALESCE(p.after_open, 0) = 0 AND (p.sighted_until IS NULL OR p.starts_at > p.sighted_until)
    )
    WINDOW per_tag AS (PARTITION BY p.tag_number ORDER BY p.turn)
), tiled AS (
    SELECT f.*,
        CASE WHEN f.is_open = 0 THEN LEAST(LEAD(f.starts_at) OVER per_tag, f.ends_at) END AS valid_to,
        ROW_NUMBER() OVER per_tag AS place
    FROM followed AS f
    WHERE f.is_observed > 0 OR f.target_before IS DISTINCT FROM f.target_key OR f.ends_before <= f.starts_at
    WINDOW per_tag AS (PARTITION BY f.tag_number ORDER BY f.turn)
), dated AS (
    SELECT tag_number, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, starts_at AS valid_from, valid_to,
        CASE WHEN is_observed = 1 THEN 'observed' ELSE 'recovered' END AS evidence
    FROM tiled
    WHERE is_observed > 0 OR valid_to IS NOT NULL
), told AS (
    -- A link that could not be read for a while is no move there and back.
    SELECT tag_number, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, evidence,
        LAG(target_key) OVER per_tag AS target_before, LAG(COALESCE(last_seen_at, valid_from)) OVER per_tag AS seen_before,
        LAG(evidence) OVER per_tag AS evidence_before
    FROM dated WHERE target_key IS NOT NULL
    WINDOW per_tag AS (PARTITION BY tag_number ORDER BY place)
    UNION ALL
    SELECT tag_number, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, evidence,
        NULL AS target_before, NULL AS seen_before, NULL AS evidence_before
    FROM dated WHERE target_key IS NULL
    UNION ALL
    SELECT f.tag_number, NULL AS place, f.target_key, f.target_kind, MAX(CASE WHEN f.basis = 'set' THEN f.dated_at END) AS set_at,
        NULL AS first_seen_at, NULL AS last_seen_at, NULL AS valid_from, NULL AS valid_to, 'recovered' AS evidence,
        NULL AS target_before, NULL AS seen_before, NULL AS evidence_before
    FROM facts AS f
    LEFT JOIN (SELECT DISTINCT tag_number, target_key, target_kind FROM dated) AS d
        ON d.tag_number = f.tag_number AND d.target_key = f.target_key AND d.target_kind = f.target_kind
    WHERE f.basis <> 'look' AND d.tag_number IS NULL
    GROUP BY f.tag_number, f.target_key, f.target_kind
)
SELECT n.index_key, n.source_key, n.scope_key, n.repository_key, n.tag,
    ROW_NUMBER() OVER (
        PARTITION BY t.tag_number ORDER BY t.place NULLS LAST, t.target_key NULLS LAST, t.target_kind
    ) AS place,
    t.target_key, t.target_kind, t.set_at, t.first_seen_at, t.last_seen_at, t.valid_from, t.valid_to, t.evidence,
    CASE WHEN t.target_before <> t.target_key THEN t.target_before END AS from_key,
    CASE WHEN t.target_before <> t.target_key THEN t.seen_before END AS last_seen_from,
    CASE WHEN t.target_before <> t.target_key THEN t.evidence_before END AS from_evidence
FROM told AS t
JOIN (SELECT DISTINCT index_key, source_key, scope_key, repository_key, tag, tag_number FROM facts) AS n ON n.tag_number = t.tag_number
) AS v
;
