# SPDX-License-Identifier: GPL-2.0-only
"""tests/tables: from the words of a run to a row."""
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from check_test import TOP, load_program

tables = load_program(TOP / "tests" / "tables")

LOG = """# seed 7: 1234 orders in 567 rounds; 89 listeners, 45 told of, 3 closed before; 0 reloads; x
# 0 false HUPs, 0 late; after the round in which the last task died: 12 ms on average, 3456 at most
PASS torture
"""


class Torture(unittest.TestCase):
    """A row of the torture's table."""

    def test_row(self):
        row = tables.torture_row("k", "60 s", LOG)
        self.assertEqual((row["seed"], row["orders"], row["notified"]), (7, 1234, 45))
        self.assertEqual((row["average_ms"], row["most_ms"]), (12, 3456))

    def test_a_run_that_broke_off_is_none(self):
        for text in ("", LOG.splitlines()[0], LOG.replace("0 late", "1 late")):
            with self.assertRaises(ValueError):
                tables.torture_row("k", "60 s", text)

    def test_units(self):
        row = {**tables.torture_row("k", "60 s", LOG), "commit": "abc"}
        self.assertIn("| 1,234 | 45 | 12 ms | 3.5 s | `abc` |", list(tables.torture_table([row]))[-1])


class Keep(unittest.TestCase):
    """What stays in tests/results."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        patch = mock.patch.object(tables, "RESULTS", Path(folder.name))
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_new_run_replaces_the_old(self):
        for orders in 1, 2:
            tables.keep("torture", {"kernel": "k", "options": "60 s", "orders": orders})
        tables.keep("torture", {"kernel": "k", "options": "60 s, hogs", "orders": 3})
        self.assertEqual([row["orders"] for row in tables.load("torture")], [2, 3])

    def test_no_commit_if_the_code_is_in_none(self):
        with mock.patch.object(tables, "git", side_effect=lambda *words:
                               " M src/table.c" if words[0] == "status" else "abc"):
            tables.keep("mutants", {"mutant": "m"})
        self.assertIsNone(tables.load("mutants")[0]["commit"])
        self.assertTrue(tables.is_stale("mutants", tables.load("mutants")[0]))

    def test_a_mark_in_words_is_no_column(self):
        row = {"mutant": "m", "by": "kunit", "seconds": 3, "words": "a | b", "commit": "c"}
        self.assertEqual(list(tables.mutants_table([row]))[-1], "| m | kunit | a / b | 3 s | `c` |")


class Document(unittest.TestCase):
    """docs/testing.md."""

    def test_a_document_without_the_place(self):
        with self.assertRaises(KeyError):
            tables.with_tables("# words\n")

    def test_the_rest_stays(self):
        text = "a\n" + "".join(f"<!-- {table}: by tests/tables -->\nwhat was before\n<!-- end -->\nb\n"
                               for table in tables.TABLES)
        made = tables.with_tables(text)
        self.assertTrue(made.startswith("a\n") and made.endswith("\n<!-- end -->\nb\n"))
        self.assertNotIn("what was before", made)
        self.assertEqual(tables.with_tables(made), made)


if __name__ == "__main__":
    unittest.main()
