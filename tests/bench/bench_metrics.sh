#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The same samples in Prometheus' blocks (Debian's promtool): bytes a sample.
# Usage: bench_metrics.sh PROGRAM [HOSTS [HOURS]]
set -eu
program=$(realpath "$1")
folder=$(mktemp -d /tmp/foretide-bench-XXXXXX)
trap 'rm -rf "$folder"' EXIT
"$program" "$folder" "${2:-20}" "${3:-3}" | tee "$folder/figures"
samples=$(awk '$1 == "metrics_samples" { print $2 }' "$folder/figures")
# Families must be in one piece each; the first column says which one a line is of.
sort -s -n -k1,1 "$folder/samples.txt" | cut -d' ' -f2- | awk '
	{ name = $1; sub(/[{].*/, "", name); family = name; sub(/_total$/, "", family) }
	name != last { print "# TYPE " family (name ~ /_total$/ ? " counter" : " gauge") }
	{ last = name; print }
	END { print "# EOF" }' >"$folder/openmetrics.txt"
rm "$folder/samples.txt"
start=$(date +%s%N)
promtool tsdb create-blocks-from openmetrics "$folder/openmetrics.txt" "$folder/data" >/dev/null
end=$(date +%s%N)
bytes=$(find "$folder/data" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
awk -v b="$bytes" -v n="$samples" -v ns=$((end - start)) 'BEGIN {
	printf "prometheus_bytes_per_sample %.2f B\n", b / n
	printf "prometheus_blocks_written %.0f samples/s\n", n / ns * 1e9 }'
