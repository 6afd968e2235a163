"""What a visitor sees first agrees with what is there: README, citation, changelog, workflows."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from common import same_bits

import scratchnet as sn

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")]


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_every_module_that_a_chapter_explains_is_in_the_readme() -> None:
    shared = {"__init__", "plots", "shapes", "source", "types"}
    modules = {path.stem for path in (ROOT / "src" / "scratchnet").glob("*.py")} - shared
    assert modules == set(re.findall(r"\(src/scratchnet/(\w+)\.py\)", read("README.md")))


def test_every_target_that_is_named_in_prose_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", read("README.md") + read("CONTRIBUTING.md"), re.MULTILINE))
    assert {"book", "test"} <= named <= targets


@pytest.mark.slow
def test_the_example_of_the_readme_runs_as_it_stands() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL)
    names: dict[str, object] = {}
    # from the root, as a visitor would; one epoch in place of five
    exec(example.replace('"data/', f'"{ROOT}/data/').replace("epochs=5", "epochs=1"), names)
    assert names["history"].dev_accuracy[-1] > 0.85


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    assert PROJECT["version"] == sn.__version__ == str(citation["version"])
    assert f"## {sn.__version__} ({citation['date-released']})" in read("CHANGELOG.md")
    assert f"Version {sn.__version__}." in read("README.md")


def test_the_workflow_tests_every_python_from_the_oldest_promised() -> None:
    workflow = yaml.safe_load(read(".github/workflows/test.yml"))
    versions = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert commands(workflow["jobs"]["test"]) == ["make test PYTHON=python"]
    oldest = workflow["jobs"]["oldest"]
    assert commands(oldest) == ["make oldest PYTHON=python"]
    assert [step["with"]["python-version"] for step in oldest["steps"] if "with" in step] == versions[:1]


def test_every_target_that_a_workflow_makes_is_in_the_makefile_and_what_lasts_is_asked_every_week() -> None:
    workflows = {
        path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / ".github/workflows").glob("*.yml")
    }
    made = {
        name: {
            word for job in file["jobs"].values() for line in commands(job) for word in re.findall(r"make (\w+)", line)
        }
        for name, file in workflows.items()
    }
    assert set().union(*made.values()) <= set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert {"locks", "test", "lasting", "links"} <= made["lasting"]
    assert "schedule" in workflows["lasting"][True]  # to YAML, "on" is true


def test_make_pytest_and_the_tools_alone_multiply_matrices_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE"
    by_pytest = {name: os.environ[name] for name in names}
    for name in names:
        monkeypatch.delenv(name)
    same_bits()
    assert {name: os.environ[name] for name in names} == by_pytest
    exported = dict(re.findall(r"^export (\w+) = (\w+)$", read("Makefile"), re.MULTILINE))
    assert {name: exported[name] for name in names} == by_pytest
