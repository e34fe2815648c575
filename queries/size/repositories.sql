-- What does each repository hold, and what would go with it?
-- Layers, configs and manifests are what its current tags reach, each once; exclusive are the layers that no other
-- repository of the source uses. Untagged is what only manifests need that no tag reaches: a registry's garbage.
-- param: limit integer = 100  How many rows, the largest first.
-- param: source text = null  Only this source.
SELECT
    r.source, r.repository, r.tag_count, r.image_count, r.layer_bytes, r.exclusive_layer_bytes, r.config_bytes,
    r.manifest_bytes, r.untagged_manifest_count, r.untagged_bytes
FROM repository_sizes AS r
WHERE (CAST(:source AS TEXT) IS NULL OR r.source = CAST(:source AS TEXT))
ORDER BY r.layer_bytes DESC NULLS LAST, r.source, r.repository ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
