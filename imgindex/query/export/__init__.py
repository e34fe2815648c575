"""An index as files for other programs: a folder of Parquet or CSV, or a DuckDB file of its own.

An export holds what the index held at one moment. Each file is written beside its place and takes it by a rename, so a
reader sees the old one or the new one. From PostgreSQL the tables are copied in one transaction, and what is made of
them is made here, by the same views.

    folder.export_folder("imgindex.duckdb", Path("lake"), "parquet", names, watch)
    snapshot.export_snapshot("postgresql://db.example/imgindex", Path("fleet.duckdb"), watch)
"""
