"""Trials as a Parquet file, for whoever looks at many of them: the extra `tvmlab[parquet]`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.targets.whole_file import written_whole


def write_parquet(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Write columns of equal length to `path`, whole or not at all.

    Args:
        columns: those of `Log.columns`.
        path: a file's name.

    Raises:
        UsageError: pyarrow is not installed, or the file cannot be written.
    """
    try:
        # A fifth of a second to import, and most logs are only summed up.
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "writing Parquet needs the package pyarrow, which is not installed; "
            "pip install 'tvmlab[parquet]'."
        ) from None
    text, time_s = pyarrow.string(), pyarrow.float64()
    schema = pyarrow.schema(
        {
            "run": pyarrow.int64(),
            "source": text,
            "title": text,
            "target": text,
            "number": pyarrow.int64(),
            "median_s": time_s,
            "times_s": pyarrow.list_(time_s),
            "failure": text,
            "choices": text,
            "at": time_s,
        }
    )
    table = pyarrow.table(dict(columns), schema=schema)
    try:
        with written_whole(path) as part:
            pyarrow.parquet.write_table(table, part, compression="zstd")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror or error}); give another place."
        ) from error
