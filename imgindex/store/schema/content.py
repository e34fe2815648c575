"""Tables of content: only what a digest proves, one immutable row a thing, shared by all sources."""

from __future__ import annotations

from imgindex.store.schema.parts import content, flag, number, parent, reference, text, time

blobs = content(
    "blobs",
    "The one dictionary of content digests: manifests, configs and layer blobs, also those only mentioned.",
    number("blob_key", "First 63 bits of the digest.", key=True),
    text("digest", "Digest of the bytes as stored, algorithm:hex."),
    number("size_bytes", "Size of the bytes, verified against the digest; NULL until then.", null=True),
    dimension=True,
)

layers = content(
    "layers",
    "Layers by the digest of their uncompressed tar.",
    number("layer_key", "First 63 bits of the diff ID.", key=True),
    text("diff_id", "Digest of the uncompressed tar, algorithm:hex."),
    number("tar_bytes", "Size of the uncompressed tar, verified against the diff ID; NULL until then.", null=True),
    dimension=True,
)

chains = content(
    "chains",
    "Stacks of layers by their chain ID (image-spec, config.md, Layer ChainID).",
    number("chain_key", "First 63 bits of the chain ID.", key=True),
    text("chain_id", "Digest of the whole stack; of a base layer, its diff ID."),
    reference("parent_key", "The stack below the top layer; NULL for a base layer.", "chains", null=True),
    reference("layer_key", "The top layer.", "layers"),
    number("depth", "How many layers are in the stack; 1 = a base layer."),
    dimension=True,
)

repositories = content(
    "repositories",
    "Repositories by full name with registry: nginx is docker.io/library/nginx.",
    number("repository_key", "First 63 bits of the SHA-256 of the name.", key=True),
    text("name", "Full name; NULL is the nameless repository of a layout's bare refs.", null=True),
    text("registry", "The registry's host and port, where the name has one.", null=True),
    text("path", "The name within its registry.", null=True),
    dimension=True,
)

manifests = content(
    "manifests",
    "Manifests, indexes and whatever else was read under a manifest's digest.",
    reference("manifest_key", "Key of the manifest's digest in blobs.", "blobs", key=True, enforced=True),
    text("media_type", "Media type as the body has it, else as it was served or described.", null=True),
    text(
        "kind",
        "image, index, artifact, schema1 or unknown. An image has an image config and image layers alone; a config whose "
        "os is unknown makes it an artifact.",
    ),
    text("artifact_type", "artifactType, else for an artifact its config's media type.", null=True),
    reference("config_key", "Key of the config's digest; for an image that is its image ID.", "blobs", null=True),
    text("config_media_type", "Media type of the config descriptor.", null=True),
    number("config_bytes", "Size that the config descriptor declares.", null=True),
    reference("subject_key", "Key of the manifest that this one refers to (image-spec, subject).", "blobs", null=True),
    number("layer_count", "Entries in its layer list."),
    number("total_bytes", "Config and every layer entry as declared, repeats and foreign ones too.", null=True),
    text("os", "Operating system, of a schema 1 manifest.", null=True),
    text("architecture", "Architecture, of a schema 1 manifest.", null=True),
    text("extra", "JSON object of keys that no column holds.", null=True),
    dimension=True,
)

index_entries = content(
    "index_entries",
    "The entries of image indexes (docker: manifest lists), as the descriptors say.",
    parent("manifest_key", "The index.", "manifests", "blobs"),
    number("position", "Place in the index, from 0.", key=True),
    reference("child_key", "Key of the entry's digest.", "blobs", enforced=True),
    text("media_type", "Media type of the descriptor.", null=True),
    text("artifact_type", "artifactType of the descriptor.", null=True),
    text("role", "image, index, attestation, signature, artifact or unknown, by the descriptor alone."),
    number("declared_bytes", "Size that the descriptor declares.", null=True),
    text("os", "Operating system as written.", null=True),
    text("architecture", "Architecture as written.", null=True),
    text("variant", "Variant as written.", null=True),
    text("os_version", "Version of the operating system as written.", null=True),
    text("platform", "os/architecture[/variant], normalised; NULL where it says unknown or nothing.", null=True),
    reference(
        "subject_key", "The manifest that an attestation is about (vnd.docker.reference.digest).", "blobs", null=True
    ),
    text("annotations", "JSON object of the descriptor's annotations, secrets redacted.", null=True),
    text("extra", "JSON object of keys that no column holds.", null=True),
)

manifest_layers = content(
    "manifest_layers",
    "The layer list of each manifest; position 0 = base layer.",
    parent("manifest_key", "The manifest.", "manifests", "blobs"),
    number("position", "Place in the list, 0 = base layer.", key=True),
    reference("blob_key", "Key of the blob's digest.", "blobs", enforced=True),
    text("media_type", "Media type of the descriptor.", null=True),
    number("declared_bytes", "Size that the descriptor declares.", null=True),
    flag("is_foreign", "Not distributable: its bytes come from elsewhere, and count where the blob is present."),
    text("urls", "JSON array of addresses the blob may be had from.", null=True),
    text("annotations", "JSON object of the descriptor's annotations, secrets redacted.", null=True),
)

manifest_annotations = content(
    "manifest_annotations",
    "Annotations of manifests and indexes.",
    parent("manifest_key", "The manifest or index.", "manifests", "blobs"),
    text("name", "Name of the annotation.", key=True),
    text("value", "Value, redacted where it looks like a secret."),
)

manifest_history = content(
    "manifest_history",
    "History that schema 1 manifests carry themselves; position 0 = oldest.",
    parent("manifest_key", "The schema 1 manifest.", "manifests", "blobs"),
    number("position", "Place in the history, 0 = oldest.", key=True),
    reference("blob_key", "Key of the layer blob at the same position.", "blobs", null=True),
    time("created_at", "When the entry was made.", null=True),
    text("created_by", "The command that made it, secrets redacted.", null=True),
    text("instruction", "Kind of instruction: RUN, COPY …", null=True),
    text("comment", "Comment, secrets redacted.", null=True),
    text("author", "Author.", null=True),
    flag("empty_layer", "It made no layer (throwaway)."),
)

images = content(
    "images",
    "Image configs that were read. Which of them a store has, and lists, is in source_images.",
    reference("image_key", "Key of the image ID; the same as its config's blob_key.", "blobs", key=True, enforced=True),
    text("image_id", "SHA-256 of the config's bytes."),
    text("os", "Operating system as written.", null=True),
    text("architecture", "Architecture as written.", null=True),
    text("variant", "Variant as written.", null=True),
    text("os_version", "Version of the operating system as written.", null=True),
    text("platform", "os/architecture[/variant], normalised.", null=True),
    time("created_at", "When it was made, as the config says.", null=True),
    text("author", "Author.", null=True),
    text("run_as", "User that containers run as; NULL or empty = root.", null=True),
    text("entrypoint", "JSON array, secrets redacted.", null=True),
    text("cmd", "JSON array, secrets redacted.", null=True),
    text("working_dir", "Working directory.", null=True),
    text("stop_signal", "Signal that stops a container.", null=True),
    text("docker_version", "Version of docker that made it.", null=True),
    number("layer_count", "How many layers it has, repeats counted."),
    number("history_count", "How many history entries it has, empty ones counted."),
    reference("chain_key", "The whole stack of its layers; NULL without layers.", "chains", null=True),
    text("extra", "JSON object of keys that no column holds, secrets redacted.", null=True),
    dimension=True,
)

image_layers = content(
    "image_layers",
    "The layers of each image; position 0 = base layer.",
    parent("image_key", "The image.", "images", "blobs"),
    number("position", "Place in the stack, 0 = base layer.", key=True),
    reference("layer_key", "The layer.", "layers"),
    reference("chain_key", "The stack up to and with this layer.", "chains"),
    number("history_position", "The history entry that made it; NULL if history and layers do not agree.", null=True),
)

image_history = content(
    "image_history",
    "The history of each image; position 0 = oldest.",
    parent("image_key", "The image.", "images", "blobs"),
    number("position", "Place in the history, 0 = oldest.", key=True),
    time("created_at", "When the entry was made.", null=True),
    text("created_by", "The command that made it, secrets redacted.", null=True),
    text("instruction", "Kind of instruction: RUN, COPY …; NULL where it cannot be told.", null=True),
    text("comment", "Comment, secrets redacted.", null=True),
    text("author", "Author.", null=True),
    flag("empty_layer", "It made no layer."),
    number("layer_position", "The layer it made; NULL if none, or if history and layers do not agree.", null=True),
)

image_labels = content(
    "image_labels",
    "Labels of images.",
    parent("image_key", "The image.", "images", "blobs"),
    text("name", "Name of the label.", key=True),
    text("value", "Value, redacted where it looks like a secret."),
)

image_env = content(
    "image_env",
    "Environment variables of images.",
    parent("image_key", "The image.", "images", "blobs"),
    number("position", "Place in the list, from 0.", key=True),
    text("name", "Name of the variable."),
    text("value", "Value, redacted where it looks like a secret; NULL without an equals sign.", null=True),
)

image_ports = content(
    "image_ports",
    "Ports that images expose.",
    parent("image_key", "The image.", "images", "blobs"),
    text("exposed", "As written: 80/tcp.", key=True),
    number("port", "The port's number; NULL for a range.", null=True),
    text("protocol", "tcp, udp or sctp.", null=True),
)

image_volumes = content(
    "image_volumes",
    "Volumes that images declare.",
    parent("image_key", "The image.", "images", "blobs"),
    text("path", "Where the volume is mounted.", key=True),
)

layer_blobs = content(
    "layer_blobs",
    "Which blob holds which layer, and who says so.",
    reference("layer_key", "The layer.", "layers", key=True),
    reference("blob_key", "The blob.", "blobs", key=True, enforced=True),
    text("evidence", "store = a store's own record; manifest = the claim of a manifest and its config.", key=True),
)
