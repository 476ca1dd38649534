"""A package with entry points, as pip leaves it: metadata and modules on the path."""

from __future__ import annotations

from pathlib import Path


def install(folder: Path, name: str, text: str) -> None:
    """A distribution `leadflow-NAME` whose module has this text; `folder` must be on the path."""
    info = folder / f"leadflow_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: leadflow-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[leadflow]\n{name} = leadflow_{name}\n")
    (folder / f"leadflow_{name}.py").write_text(text)
