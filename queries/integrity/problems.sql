-- What is broken or odd in the stores?
-- One row an item, open until a complete look finds it mended.
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
-- param: kind text = null  Only this kind: missing_blob, digest_mismatch, history_mismatch.
SELECT p.source, p.kind, p.locator, p.digest, p.detail, p.first_seen_at, p.scanned_at
FROM problem_detail AS p
WHERE (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
    AND (CAST(:kind AS TEXT) IS NULL OR p.kind = CAST(:kind AS TEXT))
ORDER BY p.source, p.kind, p.locator, p.digest ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
