"""An OCI image layout in a tar: `oci-archive:FILE`. See `source`."""
