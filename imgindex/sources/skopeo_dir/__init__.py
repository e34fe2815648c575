"""An image in a folder, as skopeo's `dir:` writes it. See `source`."""
