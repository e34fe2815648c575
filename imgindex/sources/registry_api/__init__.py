"""Any registry that speaks the distribution API: `docker://HOST[/REPO-GLOB][:TAG-GLOB]`. See `source`."""
