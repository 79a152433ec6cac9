#!/usr/bin/env bash
# Counts the instructions that reading a fixed log takes, and fails where they are more than benches/instructions.txt allows: a gate
# that doesn't care how busy the machine is. Needs a release build; without valgrind there is nothing to do.
#
#   benches/instructions.sh            checks
#   benches/instructions.sh --update   writes what was counted, plus three percent, as the new limits
set -euo pipefail
cd "$(dirname "$0")/.."
limits=benches/instructions.txt
command -v valgrind > /dev/null || { echo "no valgrind: instructions are not counted"; exit 0; }
cargo build --quiet --release --bin ecelens --example genlogs --example engine
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
engine=target/release/examples/engine
target/release/examples/genlogs "$work/logs" --files 1 --mib 4 2> /dev/null
target/release/examples/genlogs "$work/wide" --files 1 --mib 4 --utf16le 2> /dev/null
target/release/examples/genlogs "$work/near" --files 1 --mib 4 --near 2> /dev/null
"$engine" literals > "$work/literals"

count() {
    RAYON_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 > /dev/null | awk '/Collected/ {print $NF}'
}
counted=$(
    echo "engine $(count "$engine" scan "$work/literals" "$work"/logs/*)"
    echo "engine-utf16 $(count "$engine" scan "$work/literals" "$work"/wide/*)"
    echo "engine-near-hits $(count "$engine" scan "$work/literals" "$work"/near/*)"
    echo "scan $(count target/release/ecelens scan -q --fail-on never --threads 1 "$work/logs")"
)
if [ "${1:-}" = --update ]; then
    awk '{printf "%s %d\n", $1, $2 * 1.03}' <<< "$counted" > "$limits"
    cat "$limits"
    exit
fi
awk 'NR == FNR {limit[$1] = $2; next}
     {over = $2 > limit[$1]; printf "%-18s %13d of %13d %s\n", $1, $2, limit[$1], over ? "TOO MANY" : "ok"; bad += over}
     END {exit bad > 0}' "$limits" - <<< "$counted"
