"""The package itself: light to import, complete, and able to show its own source."""

import subprocess
import sys

import scratchnet


def test_importing_it_imports_numpy_and_nothing_heavier() -> None:
    code = "import sys, scratchnet; print(sorted({'pandas', 'matplotlib', 'tqdm', 'scipy'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_public_name_exists_and_is_documented() -> None:
    for name in scratchnet.__all__:
        assert getattr(scratchnet, name).__doc__, name


def test_source_shows_the_module_s_own_lines() -> None:
    shown = scratchnet.source(scratchnet.relu, scratchnet.softmax)
    assert repr(shown).startswith("def relu(Z: FloatArray) -> FloatArray:")
    assert "\n\ndef softmax(" in repr(shown)
    assert shown._repr_markdown_() == f"```python\n{shown!r}\n```"
