"""What a repository owes: how to cite it, its licences, a site that fetches nothing."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOTED = ("LICENSE", "NOTICE")


def test_the_citation_is_whole_and_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= cited.keys(), "what the format requires"
    assert cited["version"] == project["version"]
    assert cited["license"] == project["license"]
    assert cited["url"] in project["urls"].values()
    assert cited["keywords"] == project["keywords"][: len(cited["keywords"])]


@pytest.mark.parametrize(
    ("content", "is_clean"),
    [
        ('<a href="https://example.org">a link</a><script src="assets/a.js"></script>', True),
        ('<link rel="canonical" href="https://example.org/page">', True),
        ('<script src="https://example.org/a.js"></script>', False),
        ('<link rel="stylesheet" href="//example.org/a.css">', False),
        ('<img alt="x" src=http://example.org/a.png>', False),
    ],
)
def test_the_judge_of_the_site_sees(tmp_path: Path, content: str, is_clean: bool) -> None:
    (tmp_path / "page.html").write_text(content)
    judged = subprocess.run([sys.executable, ROOT / "tools" / "check_site.py", tmp_path], check=False)
    assert (judged.returncode == 0) == is_clean


def test_licences_travel_with_the_package(tmp_path: Path) -> None:
    build = ["-m", "build", "--no-isolation", "--outdir", tmp_path, ROOT]
    subprocess.run([sys.executable, *build], check=True, capture_output=True)
    [wheel], [sdist] = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = archive.namelist()
    with tarfile.open(sdist) as archive:
        in_sdist = archive.getnames()
    for name in NOTED:
        assert any(path.endswith(f".dist-info/licenses/{name}") for path in in_wheel), name
        assert any(path.count("/") == 1 and path.endswith(f"/{name}") for path in in_sdist), name
    assert any(path.endswith("static/THIRD_PARTY_LICENSES.txt") for path in in_wheel)
    for name in ("CITATION.cff", "CONTRIBUTING.md", "mkdocs.yml", "examples/plugin/where_active.py"):
        assert any(path.endswith(f"/{name}") for path in in_sdist), name
