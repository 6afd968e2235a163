"""Measure how fast, accessible and large every page of the built site is on a phone, with Lighthouse; print a table.

`make audit` runs this. Performance is a matter of time, so the machine should do nothing else meanwhile. The site is
served compressed, as hosts serve it. The program exits with 1 when a page misses a bar: a score of 90 for performance
and of 100 for the other three, and at most 400 kB to load before the pictures. With names, only these pages are
measured: `audit.py 10-sgd index`.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from common import HTML, ROOT, chromium, pages, require_site

BARS = {"performance": 90, "accessibility": 100, "best-practices": 100, "seo": 100}
FIRST_LOAD = 400.0  # kB, compressed, without pictures
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KINDS |= {".png": "image/png", ".woff2": "font/woff2", ".xml": "application/xml", ".txt": "text/plain"}
PICTURES = {".png", ".svg"}


class Compressed(BaseHTTPRequestHandler):
    """Answer with the files of the site, and compress those that are text."""

    def do_GET(self) -> None:
        path = HTML / unquote(urlsplit(self.path).path).lstrip("/")
        found = path.is_file()
        body = (path if found else HTML / "404.html").read_bytes()
        kind = KINDS.get(path.suffix if found else ".html", "application/octet-stream")
        self.send_response(200 if found else 404)
        if kind.startswith("text/") or "xml" in kind:
            body = gzip.compress(body)
            kind += "; charset=utf-8"
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=86400")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve the site while the block of `with` runs, and give its address to the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Compressed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def measure(program: Path, url: str) -> dict[str, float]:
    """Return the four scores of a page, and how many kB it loads at first: of pictures, and of everything else."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        command: list[str | Path] = [
            program,
            url,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--chrome-flags={' '.join(flags)}",
            f"--only-categories={','.join(BARS)}",
        ]
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": chromium()})
        found = json.loads(report.read_text(encoding="utf-8"))
    scores = {name: round(100 * found["categories"][name]["score"]) for name in BARS}
    load = {False: 0.0, True: 0.0}
    for request in found["audits"]["network-requests"]["details"]["items"]:
        load[Path(urlsplit(request["url"]).path).suffix in PICTURES] += request.get("transferSize", 0) / 1000
    failed = [a["id"] for a in found["audits"].values() if a["score"] == 0 and a["scoreDisplayMode"] == "binary"]
    if failed:
        print(f"{url}: {', '.join(failed)}", file=sys.stderr)
    return {**scores, "kB": load[False], "pictures": load[True]}


def main(names: list[str]) -> int:
    """Print the table; return the exit status."""
    program = ROOT / ".venv" / "audit" / "node_modules" / ".bin" / "lighthouse"
    require_site()
    below = 0
    print(f"{'page':24}{''.join(f'{name:>16}' for name in BARS)}{'kB':>8}{'pictures kB':>14}")
    with served() as site:
        for page in [page for page in pages() if not names or Path(page).name in names]:
            found = measure(program, f"{site}/{page}.html")
            missed = [name for name, bar in BARS.items() if found[name] < bar]
            missed += ["kB"] if found["kB"] > FIRST_LOAD else []
            scores = "".join(f"{found[name]:>16.0f}" for name in BARS)
            remark = f"   below: {', '.join(missed)}" if missed else ""
            print(f"{Path(page).name:24}{scores}{found['kB']:>8.0f}{found['pictures']:>14.0f}{remark}", flush=True)
            below += bool(missed)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
