-- What does each source store, and what for?
-- Stored is the sum of distinct, document, artifact, untagged and orphan bytes, each blob or layer in the first of
-- these that it belongs to: layers of listed images; manifests, indexes and configs; attestations, signatures and
-- charts; what only untagged manifests or unlisted images need; and what nothing needs. Missing bytes are part of the
-- stored ones: declared, but not there.
-- param: source text = null  Only this source.
SELECT
    z.source, z.basis, z.image_count, z.layer_count, z.referenced_bytes, z.distinct_bytes, z.stored_bytes,
    z.document_bytes, z.artifact_bytes, z.untagged_bytes, z.orphan_bytes, z.missing_bytes
FROM source_sizes AS z
WHERE z.basis <> 'total'
    AND (CAST(:source AS TEXT) IS NULL OR z.source = CAST(:source AS TEXT))
ORDER BY z.stored_bytes DESC NULLS LAST, z.source, z.basis
