# SPDX-License-Identifier: GPL-2.0-only
"""tests/check and tests/lib.sh: what they count, and what they do not let pass."""
import importlib.machinery
import importlib.util
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

TOP = Path(__file__).resolve().parents[2]


def load_program(path):
    """A program without .py at its end, as a module."""
    loader = importlib.machinery.SourceFileLoader(Path(path).name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    # Dataclasses look their module up.
    with mock.patch.dict("sys.modules", {loader.name: module}), \
         mock.patch("sys.dont_write_bytecode", True):
        loader.exec_module(module)
    return module


check = load_program(TOP / "tests" / "check")


def counts(result):
    """Those of a result."""
    return result.passed, result.failed, result.skipped


class Judge(unittest.TestCase):
    """From a step's words and status to its counts."""

    def judge(self, status, text):
        """The result of a step that says text."""
        return check.judge("step", status, text.encode(), "step.log")

    def test_closing_line(self):
        result = self.judge(0, "PASS a\nPASS b\nSKIP c: no kernel\n2 passed, 0 failed, 1 skipped\n")
        self.assertEqual(counts(result), (2, 0, 1))

    def test_status_alone(self):
        self.assertEqual(counts(self.judge(0, "words\n")), (1, 0, 0))
        self.assertEqual(counts(self.judge(3, "words\n")), (0, 1, 0))

    def test_bad_end_after_good_counts(self):
        result = self.judge(1, "PASS a\n1 passed, 0 failed, 0 skipped\n")
        self.assertEqual(counts(result), (1, 1, 0))
        self.assertIn("FAIL step: status 1: see step.log", result.lines)

    def test_failure_is_counted_once(self):
        self.assertEqual(counts(self.judge(1, "FAIL a\n0 passed, 1 failed, 0 skipped\n")), (0, 1, 0))

    def test_unavailable_with_its_reason(self):
        result = self.judge(77, "some words\nno such kernel here\n")
        self.assertEqual(counts(result), (0, 0, 1))
        self.assertEqual(result.lines, ["SKIP step: no such kernel here"])

    def test_skip_without_reason(self):
        self.assertEqual(counts(self.judge(0, "SKIP a\n1 passed, 0 failed, 1 skipped\n")), (1, 1, 1))

    def test_nothing_tried(self):
        self.assertEqual(counts(self.judge(0, "0 passed, 0 failed, 0 skipped\n")), (0, 1, 0))

    def test_hang(self):
        result = self.judge(None, "1 passed, 0 failed, 0 skipped\n")
        self.assertEqual(counts(result), (1, 1, 0))

    def test_words_that_are_no_text(self):
        self.assertEqual(counts(check.judge("s", 0, b"\xff\n1 passed, 0 failed, 0 skipped\n", "l")),
                         (1, 0, 0))


def step(name, **fields):
    """A step that does nothing."""
    return check.Step(name=name, tier="check", proves="", minutes=1, run="true", **fields)


class Schedule(unittest.TestCase):
    """Which steps run at the same time."""

    def run_steps(self, steps, jobs):
        """Return: the results, and how many ran at most at once, by name."""
        runner = check.Runner(steps, jobs, False)
        lock, now, together = threading.Lock(), set(), set()

        def run(one):
            with lock:
                now.add(one.name)
                together.update((a, b) for a in now for b in now if a < b)
            # Whoever may run beside this one has begun by then, or never will.
            threading.Event().wait(0.05)
            with lock:
                now.discard(one.name)
            return check.Result(passed=1)

        runner.run = run
        runner.say = lambda text: None
        return runner.run_all(), together

    def test_all_run(self):
        results, _ = self.run_steps([step(str(i)) for i in range(7)], 2)
        self.assertEqual(sorted(results), [str(i) for i in range(7)])

    def test_one_job_is_one_at_a_time(self):
        _, together = self.run_steps([step("a"), step("b"), step("c")], 1)
        self.assertEqual(together, set())

    def test_processors_are_not_given_twice(self):
        _, together = self.run_steps([step("wide", cpus=2), step("a"), step("b")], 2)
        self.assertFalse([pair for pair in together if "wide" in pair])

    def test_wider_than_the_machine_runs_alone(self):
        results, _ = self.run_steps([step("wide", cpus=8)], 2)
        self.assertIn("wide", results)

    def test_what_is_used_alone(self):
        _, together = self.run_steps([step("a", alone=["disk"]), step("b", alone=["disk"])], 4)
        self.assertEqual(together, set())

    def test_an_error_is_a_failure(self):
        runner = check.Runner([step("a")], 1, False)
        runner.say = lambda text: None
        with mock.patch.object(runner, "run", side_effect=OSError("no")), mock.patch("builtins.print"):
            self.assertEqual(counts(runner.run_all()["a"]), (0, 1, 0))


class Steps(unittest.TestCase):
    """The file of steps, and how one is chosen."""

    def setUp(self):
        self.steps = check.read_steps(TOP / "tests" / "steps.toml")

    def names(self, *arguments):
        """Of those that these arguments choose."""
        return [one.name for one in check.select(self.steps, check.parse(arguments))]

    def test_default_tier(self):
        self.assertEqual(self.names(), self.names("--tier", "check"))

    def test_full_has_what_check_has(self):
        self.assertLess(set(self.names()), set(self.names("--tier", "full")))

    def test_pattern_goes_over_tiers(self):
        self.assertIn("torture-long", self.names("torture-*"))

    def test_unknown_name(self):
        with mock.patch("sys.stderr"):
            self.assertEqual(check.main(["no-such-step"]), 2)
            self.assertEqual(check.main(["lint", "no-such-step"]), 2)

    def test_twice_the_same_name(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('[[step]]\nname = "a"\ntier = "check"\nproves = ""\nminutes = 1\nrun = "true"\n' * 2)
            file.flush()
            with self.assertRaises(KeyError):
                check.read_steps(file.name)


class Library(unittest.TestCase):
    """tests/lib.sh, as a program uses it."""

    def program(self, text):
        """Return: status and words of a program in tests/."""
        with tempfile.NamedTemporaryFile("w", dir=TOP / "tests", prefix=".library_test.") as file:
            file.write(f'set -euo pipefail\n. "{TOP}/tests/lib.sh"\n{text}\n')
            file.flush()
            done = subprocess.run(["bash", file.name], stdout=subprocess.PIPE, check=False)
            return done.returncode, done.stdout.decode().replace(Path(file.name).name, "PROGRAM")

    def test_pass(self):
        self.assertEqual(self.program("pass a\nfinish"), (0, "PASS a\n1 passed, 0 failed, 0 skipped\n"))

    def test_failure_has_its_line(self):
        self.assertEqual(self.program("verdict 3 a\nfinish"),
                         (1, "FAIL a (tests/PROGRAM:3)\n0 passed, 1 failed, 0 skipped\n"))

    def test_nothing_is_no_pass(self):
        self.assertEqual(self.program("finish")[0], 1)

    def test_retell(self):
        status, words = self.program(
            "printf 'x\\nPASS a\\n1 passed, 0 failed, 0 skipped\\r\\nSKIP b: c\\n"
            "0 passed, 0 failed, 1 skipped\\n' >/tmp/library_test.$$\n"
            "retell /tmp/library_test.$$ 0 boot\nrm /tmp/library_test.$$\nfinish")
        self.assertEqual((status, words), (0, "PASS a\nSKIP b: c\n1 passed, 0 failed, 1 skipped\n"))

    def test_retell_of_a_bad_end(self):
        self.assertEqual(self.program("retell /dev/null 125 boot\nfinish")[0], 1)


if __name__ == "__main__":
    unittest.main()
