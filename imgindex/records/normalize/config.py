"""Rows of image configs: the image, its layers and history, and what its containers run with.

https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from imgindex.limits import Limits
from imgindex.oci.chain import chain_ids
from imgindex.oci.config import HistoryEntry, RunConfig, read_config
from imgindex.oci.platform import normalize_platform
from imgindex.records.normalize import findings as kinds
from imgindex.records.normalize.times import read_time
from imgindex.records.normalize.work import Work, refuse_long
from imgindex.records.rows import (
    Image,
    ImageEnv,
    ImageHistory,
    ImageLabel,
    ImageLayer,
    ImagePort,
    ImageVolume,
    Record,
)

_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_GREATEST_PORT = 65_535
_NO_RUN = RunConfig()


def normalize_config(work: Work, data: bytes, image_id: str) -> tuple[list[Record], bool]:
    """The rows of a config, and whether its text was repaired."""
    reading, diff_ids, repaired = read_config(data)
    work.note_numbers(reading)
    body, extra, texts = reading.value, reading.extra, work.texts
    run, history = body.config or _NO_RUN, body.history or []
    _refuse_crowds(work.limits, diff_ids, history, run)

    filled: list[int] | None = [position for position, entry in enumerate(history) if not entry.empty_layer]
    if filled is not None and len(filled) != len(diff_ids):
        detail = f"{len(filled)} history entries with a layer, {len(diff_ids)} layers"
        work.findings.add(kinds.HISTORY_MISMATCH, detail)
        filled = None
    layers = _layer_rows(work, diff_ids, filled)
    created_at = work.time_at(body.created, ("created",), extra)
    rows: list[Record] = [*layers, *_history_rows(work, history, filled is not None, extra), *_run_rows(work, run)]
    image = Image(
        work.key,
        image_id,
        texts.plain[body.os],
        texts.plain[body.architecture],
        texts.plain[body.variant],
        texts.plain[body.os_version],
        normalize_platform(body.os, body.architecture, body.variant),
        created_at,
        texts.plain[body.author],
        texts.plain[run.user],
        texts.command_json(run.entrypoint),
        texts.command_json(run.cmd),
        texts.plain[run.working_dir],
        texts.plain[run.stop_signal],
        texts.plain[body.docker_version],
        len(diff_ids),
        len(history),
        layers[-1].chain_key if layers else None,
        texts.extra_json(extra),
    )
    return [image, *rows], repaired


def _refuse_crowds(limits: Limits, diff_ids: list[str], history: list[HistoryEntry], run: RunConfig) -> None:
    refuse_long("layers", diff_ids, limits.layers)
    refuse_long("history entries", history, limits.history_entries)
    refuse_long("environment variables", run.env, limits.map_entries)
    refuse_long("labels", run.labels, limits.map_entries)
    refuse_long("ports", run.exposed_ports, limits.map_entries)
    refuse_long("volumes", run.volumes, limits.map_entries)


def _layer_rows(work: Work, diff_ids: list[str], filled: list[int] | None) -> list[ImageLayer]:
    keys, key = work.keys, work.key
    rows: list[ImageLayer] = []
    below: str | None = None
    for position, chain_id in enumerate(chain_ids(diff_ids)):
        diff_id = diff_ids[position]
        chain_key = keys.chain(chain_id, below, diff_id, position + 1)
        rows.append(ImageLayer(key, position, keys.layer(diff_id), chain_key, filled[position] if filled else None))
        below = chain_id
    return rows


def _history_rows(work: Work, history: list[HistoryEntry], joined: bool, extra: dict[str, Any]) -> list[ImageHistory]:
    texts, key = work.texts, work.key
    commands, prose, plain = texts.commands, texts.prose, texts.plain
    rows: list[ImageHistory] = []
    layer_position = 0
    for position, entry in enumerate(history):
        created = entry.created
        created_at = None if created is None else read_time(created)
        if created_at is None:
            work.time_at(created, ("history", position, "created"), extra)
        created_by, instruction = commands[entry.created_by]
        comment, author = prose[entry.comment], plain[entry.author]
        if entry.empty_layer:
            row = ImageHistory(key, position, created_at, created_by, instruction, comment, author, True, None)
        else:
            made = layer_position if joined else None
            row = ImageHistory(key, position, created_at, created_by, instruction, comment, author, False, made)
            layer_position += 1
        rows.append(row)
    return rows


def _run_rows(work: Work, run: RunConfig) -> list[Record]:
    texts, key = work.texts, work.key
    rows: list[Record] = []
    if run.labels:
        rows += [ImageLabel(key, name, value) for name, value in texts.pairs(run.labels).items()]
    for position, variable in enumerate(run.env or ()):
        name, value = texts.variables[variable]
        rows.append(ImageEnv(key, position, name, value))
    if run.exposed_ports:
        # A name that was cut can be another's; the rows' key takes it once.
        rows += [ImagePort(key, port, *_read_port(port)) for port in dict.fromkeys(map(texts.name, run.exposed_ports))]
    if run.volumes:
        rows += [ImageVolume(key, path) for path in dict.fromkeys(map(texts.name, run.volumes))]
    return rows


@lru_cache(maxsize=1024)
def _read_port(exposed: str) -> tuple[int | None, str | None]:
    """Number and protocol of what docker writes as `80/tcp`; of a range or anything else, neither."""
    match = _PORT.fullmatch(exposed)
    if match is None or int(match[1]) > _GREATEST_PORT:
        return None, None
    return int(match[1]), (match[2] or "tcp").lower()
