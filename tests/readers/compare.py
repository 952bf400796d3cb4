"""Reads a folder that `parquet:DIR` wrote, with three readers, and compares it with JSONL.

    python compare.py ROWS.jsonl DIR

Every reader must see the same rows as the lines have, value for value, without being told more
than the folder. Says how many rows were compared.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars
import pyarrow.dataset
import pyarrow.parquet

Row = dict[str, Any]

VECTORS = ("heatmap", "frame_embedding", "audio_embedding")


def with_duckdb(folder: Path) -> list[Row]:
    """The rows as DuckDB sees them."""
    found = duckdb.sql(f"select * from read_parquet('{folder}/**/*.parquet')")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def with_polars(folder: Path) -> list[Row]:
    """The rows as Polars sees them."""
    frame = polars.scan_parquet(folder, hive_partitioning=True).collect()
    for name in VECTORS:
        if name in frame.columns and not isinstance(frame.schema[name], polars.Array):
            raise AssertionError(f"polars: {name} is {frame.schema[name]}, not of fixed size")
    return frame.to_dicts()


def with_pyarrow(folder: Path) -> list[Row]:
    """The rows as pyarrow sees them in a table."""
    table = pyarrow.parquet.read_table(folder)
    for name in VECTORS:
        if name in table.schema.names:
            kind = table.schema.field(name).type
            assert pyarrow.types.is_fixed_size_list(kind), f"pyarrow: {name} is {kind}"
    return table.to_pylist()


def with_pyarrow_dataset(folder: Path) -> list[Row]:
    """The rows as pyarrow sees them in a dataset."""
    return pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pylist()


READERS: list[Callable[[Path], list[Row]]] = [
    with_duckdb,
    with_polars,
    with_pyarrow,
    with_pyarrow_dataset,
]


def key(row: Row) -> tuple[str, str, int]:
    """What a row is one of a kind by."""
    return row["source"], row["network"], row["segment"]


def same(line: Any, read: Any) -> bool:
    """Whether a value is that of the line: numbers with a fraction have 32 bits."""
    if isinstance(line, dict):
        return line.keys() == read.keys() and all(same(line[k], read[k]) for k in line)
    if isinstance(line, float) or (isinstance(line, list) and line):
        return bool(np.array_equal(np.float32(line), np.float32(read)))
    return bool(line == read)


def compare(name: str, lines: dict[tuple, Row], rows: list[Row]) -> None:
    """Raises what is different."""
    found = {key(row): row for row in rows}
    assert len(found) == len(rows), f"{name}: some rows are there twice"
    assert found.keys() == lines.keys(), f"{name}: {sorted(found.keys() ^ lines.keys())[:5]}"
    for at, line in lines.items():
        row = found[at]
        assert row.keys() == line.keys(), f"{name}: columns {row.keys() ^ line.keys()}"
        for field, value in line.items():
            told = f"{name}: {field} of {at} is {row[field]} and not {value}"
            assert same(value, row[field]), told


def footers(folder: Path) -> None:
    """Asserts what stands in every file's footer."""
    for path in folder.rglob("*.parquet"):
        metadata = pyarrow.parquet.read_metadata(path)
        said = {k.decode(): v.decode() for k, v in metadata.metadata.items()}
        contract = json.loads(said["sonoscope.contract"])
        assert contract["network"] == said["sonoscope.network"], said
        assert len(said["sonoscope.network_hash"]) == 64, said
        for group in range(metadata.num_row_groups):
            columns = [metadata.row_group(group).column(c) for c in range(metadata.num_columns)]
            by_name = {column.path_in_schema: column for column in columns}
            assert by_name["segment"].statistics.has_min_max, path
            assert all(column.compression == "ZSTD" for column in columns), path


def main() -> None:
    """Compares."""
    lines_path, folder = map(Path, sys.argv[1:])
    lines = [json.loads(line) for line in lines_path.read_text().splitlines()]
    by_key = {key(line): line for line in lines}
    assert len(by_key) == len(lines) > 0
    for reader in READERS:
        compare(reader.__name__, by_key, reader(folder))
    footers(folder)
    print(f"{len(lines)} rows, {len(READERS)} readers")


if __name__ == "__main__":
    main()
