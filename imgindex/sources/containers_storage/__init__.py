"""What podman, buildah, skopeo and CRI-O keep: `containers-storage:[DIR]`. See `source`."""
