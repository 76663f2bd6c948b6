"""Fails when a page of the built documentation would fetch anything from elsewhere.

python tools/check_site.py build/site
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_TAG = re.compile(r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*>", re.IGNORECASE)
_ELSEWHERE = re.compile(r"""(?:src|href|srcset|data)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE)
_CSS = re.compile(r"""(?:url\(|@import\s)\s*["']?(?:https?:)?//""", re.IGNORECASE)
# names of this page, not things to fetch
_NAMES = re.compile(r"""rel\s*=\s*["']?(?:canonical|prev|next)\b""", re.IGNORECASE)


def fetched(path: Path) -> list[str]:
    """What this file would fetch from another host."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return [match.group() for match in _CSS.finditer(text)]
    return [tag for tag in _TAG.findall(text) if _ELSEWHERE.search(tag) and not _NAMES.search(tag)]


def main() -> None:
    """Looks through all pages and styles."""
    root = Path(sys.argv[1])
    files = [path for path in sorted(root.rglob("*")) if path.suffix in {".html", ".css"}]
    found = [f"{path.relative_to(root)}: {what}" for path in files for what in fetched(path)]
    if not files or found:
        print("\n".join(found) or f"no pages in {root}: build them first", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
