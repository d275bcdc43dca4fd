# SPDX-License-Identifier: GPL-2.0-only
#
# Of the module's symbols, sorted ("ADDRESS NAME"), and the address of each
# instruction that was run: what bench/run's profile makes of them.  An odd part of
# the run is an operation a few times, the even one after it three times that.

function name_of(address,    i) {
	if (address in name)
		return name[address]
	for (i = symbols; i && at[i] > address; i--)
		;
	return name[address] = names[i]
}

NR == FNR {
	at[++symbols] = $1 ""
	names[symbols] = $2
	next
}

{
	function_name = name_of($1 "")
	if (function_name != "scan_max_us_show") {
		count[part, function_name]++
		seen[function_name]
		quiet = 0
	} else if (!quiet) {
		part++
		quiet = 1
	}
}

END {
	split("process no filter,thread no filter,process listener,thread listener", what, ",")
	for (i = 1; i <= 4; i++) {
		for (function_name in seen) {
			insn = (count[2 * i, function_name] - count[2 * i - 1, function_name]) / (2 * few)
			if (insn >= 0.5)
				printf "{\"kernel\":\"level0-6.1\",\"what\":\"%s\",\"function\":\"%s\",\"unit\":\"insn\",\"p50\":%.0f}\n", what[i], function_name, insn
		}
	}
}
