# SPDX-License-Identifier: GPL-2.0-only
"""tests/faults/run: which boots there are, and what is made of how they end."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from check_test import TOP

# Instead of a machine: each fault ends well but those in FAILS, with which the
# boot ends; with one in REPORTS the kernel has something to say.
FAKE_RUN = """#!/bin/bash
while [ "$1" != -- ]; do shift; done
shift
echo "boot: $*" >>"$BOOTS"
read -ra words <<<"${1#guest }"
status=0
one() {
	local name="$*"
	name=" ${name// /_} "
	[ $status -ne 1 ] || return
	echo "@begin $*"
	if [[ " $FAILS " == *"$name"* ]]; then echo "words of it"; echo "@end 1"; status=1
	elif [[ " $REPORTS " == *"$name"* ]]; then echo "@end 0"; status=125
	else echo "@end 0"; fi
}
set --
for word in "${words[@]}"; do
	if [ "$word" = , ]; then one "$@"; set --; else set -- "$@" "$word"; fi
done
one "$@"
[ -z "$NO_KERNEL" ] || exit 77
exit $status
"""


class Faults(unittest.TestCase):
    """The runner, without machines."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        (self.top / "tests" / "vm").mkdir(parents=True)
        shutil.copytree(TOP / "tests" / "faults", self.top / "tests" / "faults")
        shutil.copy(TOP / "tests" / "lib.sh", self.top / "tests")
        shutil.copy(TOP / "tests" / "vm" / "lib.sh", self.top / "tests" / "vm")
        run = self.top / "tests" / "vm" / "run"
        run.write_text(FAKE_RUN, encoding="utf-8")
        run.chmod(0o755)
        functional = self.top / "tests" / "functional"
        functional.mkdir()
        (functional / "Makefile").write_text("all:\n", encoding="utf-8")

    def run_faults(self, *arguments, **environment):
        """Return: the status, the verdicts, and the boots."""
        boots = self.top / "boots"
        boots.unlink(missing_ok=True)
        done = subprocess.run([self.top / "tests" / "faults" / "run", *arguments],
                              env={**os.environ, "BOOTS": str(boots), "FAILS": "", "REPORTS": "",
                                   "NO_KERNEL": "", **environment},
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        words = done.stdout.decode().splitlines()
        verdicts = [tuple(line.split(" ")[:2]) for line in words
                    if line.split(" ")[0] in ("PASS", "FAIL", "SKIP")]
        return (done.returncode, [(word, name.rstrip(":")) for word, name in verdicts],
                boots.read_text(encoding="utf-8").splitlines() if boots.exists() else [])

    def count(self):
        """How many wide races there are."""
        return len([name for _, name in self.run_faults("wide-race-*")[1]])

    def test_faults_on_one_machine_share_its_boot(self):
        status, verdicts, boots = self.run_faults("wide-race-*")
        self.assertEqual((status, len(boots)), (0, 1))
        self.assertIn(("PASS", "wide-race-3"), verdicts)
        self.assertEqual({word for word, _ in verdicts}, {"PASS"})

    def test_one_is_left_out(self):
        _, verdicts, _ = self.run_faults("wide-race-*", "!wide-race-3")
        self.assertNotIn("wide-race-3", [name for _, name in verdicts])
        self.assertEqual(len(verdicts), self.count() - 1)

    def test_after_a_failure_the_rest_is_tried(self):
        status, verdicts, boots = self.run_faults("wide-race-*", FAILS="wide_race_3")
        self.assertEqual((status, len(boots)), (1, 2))
        self.assertEqual([name for word, name in verdicts if word == "FAIL"], ["wide-race-3"])
        self.assertEqual(len(verdicts), self.count())

    def test_what_the_kernel_reports_is_tried_alone(self):
        status, verdicts, boots = self.run_faults("wide-race-*", REPORTS="wide_race_5")
        self.assertEqual((status, len(boots)), (1, 1 + self.count()))
        self.assertEqual([name for word, name in verdicts if word == "FAIL"], ["wide-race-5"])
        self.assertEqual(len(verdicts), self.count())

    def test_one_alone_that_fails(self):
        status, verdicts, boots = self.run_faults("second-load", FAILS="second_load")
        self.assertEqual((status, verdicts, len(boots)), (1, [("FAIL", "second-load")], 1))

    def test_a_kernel_that_cannot_be_had(self):
        status, verdicts, _ = self.run_faults("second-load", NO_KERNEL="yes")
        self.assertEqual((status, verdicts), (0, [("SKIP", "second-load")]))

    def test_unknown(self):
        self.assertEqual(self.run_faults("no-such-fault")[0], 1)

    def test_short_needs_no_stock_kernel(self):
        _, verdicts, boots = self.run_faults("--short")
        self.assertEqual({word for word, _ in verdicts}, {"PASS"})
        # Many share one.
        self.assertLess(2 * len(boots), len(verdicts))


if __name__ == "__main__":
    unittest.main()
