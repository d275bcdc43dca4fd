# SPDX-License-Identifier: GPL-2.0-only
"""bench/report: from what was measured to a verdict, and to a number for people."""
import json
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from check_test import TOP, load_program

report = load_program(TOP / "bench" / "report")


class Numbers(unittest.TestCase):
    """As a person reads them."""

    def test_number(self):
        for amount, text in ((0, "0"), (0.00612, "0.00612"), (0.4, "0.4"), (4.0, "4"), (15.24, "15.2"),
                             (512.7, "513"), (1000, "1,000"), (165310, "165,310"), (-0.25, "-0.25")):
            self.assertEqual(report.number(amount), text)

    def test_time(self):
        for ns, text in ((0, "0 ns"), (999, "999 ns"), (1000, "1 us"), (578900, "579 us"),
                         (15295400, "15.3 ms"), (2e9, "2 s")):
            self.assertEqual(report.time(ns), text)

    def test_quantity(self):
        self.assertEqual(report.quantity(40, "permille"), "4 %")
        self.assertEqual(report.quantity(1216, "us"), "1.22 ms")
        self.assertEqual(report.quantity(2487, "bytes"), "2,487 bytes")

    def test_times_near_one(self):
        self.assertEqual(report.with_unit(1.0014, "times"), "1.001 times")


class Table(unittest.TestCase):
    """Of Markdown."""

    def test_numbers_stand_on_the_right(self):
        lines = report.table(["a", "b"], [["x", 1], ["y", "-"]]).splitlines()
        self.assertEqual(lines, ["| a | b |", "|---|--:|", "| x | 1 |", "| y | - |"])


class Measured(unittest.TestCase):
    """From files of results."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        patch = mock.patch.object(report, "RESULTS", self.folder)
        patch.start()
        self.addCleanup(patch.stop)
        report.results.cache_clear()
        self.addCleanup(report.results.cache_clear)

    def write(self, name, *rows):
        """A file."""
        (self.folder / f"{name}.json").write_text(json.dumps({"results": rows}), encoding="utf-8")

    def test_median_of_the_rounds(self):
        self.write("cost", *({"side": "with", "what": "w", "p50": value} for value in (3, 1, 2)),
                   {"side": "without", "what": "w", "p50": 1})
        self.assertEqual(report.of("cost", "with", "w"), 2)
        self.assertEqual(report.more("w"), 100)

    def test_what_was_not_measured(self):
        self.write("memory")
        with self.assertRaises(report.Missing):
            report.value("memory", "w")
        row = report.goal_row({"what": "w", "at_most": 1, "unit": "bytes", "peer": "-",
                               "measure": ["value", "memory", "w"]})
        self.assertEqual(row[-1], "**not measured**")

    def test_storm(self):
        self.write("storm", *({"side": side, "what": f"storm on {n}", "rounds": [value] * 9}
                              for side, n, value in (("with", 1, 90), ("without", 1, 100),
                                                     ("with", 4, 180), ("without", 4, 220))))
        self.assertAlmostEqual(report.storm("one")[0], 0.9)
        self.assertAlmostEqual(report.storm("scaling")[0], (180 / 220) / 0.9)

    def test_longest_in_a_pass_and_beside_it(self):
        self.write("stretches", {"unit": "ns", "what": "a pass over 3 tasks: held by the module", "p50": 7000},
                   {"unit": "ns", "what": "forks: held by the module", "p50": 2000},
                   {"unit": "us", "what": "forks: held", "p50": 900})
        self.assertEqual(report.longest("in a pass"), 7)
        self.assertEqual(report.longest("beside a pass"), 2)


class Judge(unittest.TestCase):
    """A goal."""

    def test_at_most(self):
        self.assertEqual(report.judge({"at_most": 3}, 3), "met")
        self.assertEqual(report.judge({"at_most": 3}, 3.01), "**missed**")

    def test_at_least_with_a_range(self):
        goal = {"at_least": 0.97}
        self.assertEqual(report.judge(goal, (1.0, 0.98, 1.1)), "met")
        self.assertEqual(report.judge(goal, (1.0, 0.95, 1.1)), "met by the median: see below")
        self.assertEqual(report.judge(goal, (0.96, 0.95, 1.1)), "**missed**")


class Document(unittest.TestCase):
    """The words with tables in them, of the results that are here."""

    def test_each_table_has_a_place_and_each_place_a_table(self):
        words = (TOP / "bench" / "performance.md.in").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall("^@([a-z]+)@$", words, re.M)), set(report.TABLES))
        self.assertNotRegex(report.fill(words), "(?m)^@")

    def test_headers_are_not_blank(self):
        words = (TOP / "bench" / "performance.md.in").read_text(encoding="utf-8")
        self.assertNotRegex(report.fill(words), r"(?m)^\|.*\|\s*\|.*\n\|---")

    def test_each_goal_measures_with_a_function_that_there_is(self):
        for goal in report.read_goals():
            self.assertIn(goal["measure"][0], report.MEASURES)
            self.assertEqual(len({"at_most", "at_least"} & set(goal)), 1)


if __name__ == "__main__":
    unittest.main()
