# SPDX-License-Identifier: GPL-2.0-only
"""What the checks of tests/lint that are written in Python share."""

import pathlib
import shutil
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent


def copy_of(paths, directory):
    """Copy files and folders of the project below @directory."""
    for path in paths:
        source, target = TOP / path, directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target)


def replace(path, old, new):
    """Plant a fault: the first @old in a file becomes @new."""
    text = path.read_text()
    if old not in text:
        raise ValueError(f"{path.name} has no '{old}' to plant a fault in")
    path.write_text(text.replace(old, new, 1))


def selftest(check, paths, plants):
    """
    Plant one fault at a time in a copy of the project.

    @plants: pairs of a function that plants a fault, and the words that the
    check must say of it.  A check that passes over a fault is no check.
    """
    missed = 0
    for plant, words in plants:
        with tempfile.TemporaryDirectory() as directory:
            copy = pathlib.Path(directory)
            copy_of(paths, copy)
            before = set(check(copy))
            plant(copy)
            found = sorted(set(check(copy)) - before)
        if not any(words in finding for finding in found):
            print(f"{plant.__name__}: not found: wanted '{words}', got {found}")
            missed += 1
    print(f"{len(plants) - missed} of {len(plants)} planted faults were found")
    return 1 if missed else 0


def main(check, paths, plants):
    """Run a check, or with --selftest see that it can fail."""
    if sys.argv[1:] == ["--selftest"]:
        return selftest(check, paths, plants)
    if sys.argv[1:]:
        print(f"usage: {pathlib.Path(sys.argv[0]).name} [--selftest]", file=sys.stderr)
        return 2
    findings = check(TOP)
    for finding in findings:
        print(finding)
    return 1 if findings else 0
