"""OCI image layouts: `oci:DIR[:ref]`. See `source`."""
