#!/usr/bin/env bash
# Measures ecelens against what people use today, in turn (A B A B …), and prints the median of the ratios of each round.
#
#   benches/compare.sh [ROUNDS] [WORK_DIRECTORY]
#
# Ratios of CPU time hold on a busy machine, those of wall time only on a quiet one. Tools that are missing are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-7}
work=${2:-target/compare}
cargo build --quiet --release --bin ecelens --example genlogs --example engine
bin=$PWD/target/release/ecelens
generate=$PWD/target/release/examples/genlogs
engine=$PWD/target/release/examples/engine
mkdir -p "$work" && cd "$work"
has() { command -v "$1" > /dev/null; }

# ---- data, made once
[ -d plain ] || "$generate" plain
[ -d double ] || "$generate" double --files 200
[ -d wide ] || "$generate" wide --files 50 --mib 20 --utf16le
[ -d narrow ] || "$generate" narrow --files 50 --mib 10
[ -d near ] || "$generate" near --files 20 --near
[ -d one ] || { mkdir one && cat plain/*rx-process.log* plain/*dx-process.log* > one/eg_log_ECESVC01_rx-process.log; }
[ -d line ] || { mkdir line && head -1 plain/eg_log_ECESVC01_rx-process.log > line/eg_log_ECESVC01_rx-process.log; }
[ -f many.zip ] || ! has zip || zip -q -r many.zip plain
[ -f one.zip ] || ! has zip || zip -q -r one.zip one
[ -f many.tar.gz ] || tar czf many.tar.gz plain
"$engine" literals > literals.txt
head -300 < <("$engine" made-up 3000) > some.txt
"$engine" made-up 3000 > all.txt

# ---- measuring
TIMEFORMAT='%R %U %S'
# wall and CPU seconds of a command
seconds() { { time bash -c "$1" > /dev/null 2>&1 || true; } 2>&1 | awk '{print $1, $2 + $3}'; }
# a row: what, goal, command A, command B
compare() {
    local what=$1 goal=$2 a=$3 b=$4 round
    seconds "$a" > /dev/null
    seconds "$b" > /dev/null
    for ((round = 0; round < rounds; round++)); do echo "$(seconds "$a") $(seconds "$b")"; done |
        awk -v what="$what" -v goal="$goal" '
            function median(v, n,   i, j, t) {
                for (i = 2; i <= n; i++) { t = v[i]; for (j = i - 1; j > 0 && v[j] > t; j--) v[j + 1] = v[j]; v[j + 1] = t }
                return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
            }
            { n++; wall[n] = $1 / ($3 > 0 ? $3 : 0.001); cpu[n] = $2 / ($4 > 0 ? $4 : 0.001); own[n] = $1; other[n] = $3; c[n] = $2 }
            END { printf "| %s | %s | %.2f | %.2f | %.3f s (CPU %.3f s) | %.3f s |\n", what, goal, median(wall, n), median(cpu, n), median(own, n), median(c, n), median(other, n) }'
}
# peak resident memory in MiB
peak() { /usr/bin/time -f %M "$@" 2>&1 > /dev/null | tail -1 | awk '{printf "%.1f", $1 / 1024}'; }

scan="$bin scan --fail-on never -q"
echo "| work | goal | wall ratio | CPU ratio | ecelens | the other |"
echo "| --- | --- | --- | --- | --- | --- |"
if has rg; then
    rg="rg -F -c -f literals.txt"
    compare "plain files / rg" "≤ 0.30" "$scan plain" "$rg plain"
    compare "one log / rg" "≤ 0.33" "$scan one" "$rg one"
    if has zip; then
        compare "zip / rg on the extracted files" "≤ 0.50" "$scan many.zip" "$rg plain"
        has unzip && compare "zip / unzip -p piped to rg" "≤ 0.13" "$scan many.zip" "unzip -p many.zip | $rg"
    fi
    compare "tar.gz / zcat piped to rg" "≤ 0.18" "$scan many.tar.gz" "zcat many.tar.gz | $rg"
fi
compare "tar.gz / inflating it on one thread" "≤ 1.3" "$scan many.tar.gz" "$engine inflate many.tar.gz"
[ -f one.zip ] && compare "zip of one log / inflating it on one thread" "≤ 1.3" "$scan one.zip" "$engine inflate one.zip"
has grep && compare "plain files / grep" "" "$scan plain" "LC_ALL=C grep -F -c -f literals.txt plain/* | cat"
has lnav && compare "plain files / lnav, lines by level" "" "$scan plain" "lnav -n -c ';select log_level, count(*) from all_logs group by log_level' plain"
compare "3000 anchors / 300 anchors (engine)" "≤ 1.15" "$engine scan all.txt plain/*" "$engine scan some.txt plain/*"
compare "2 GB / 1 GB" "≤ 2.05" "$scan double" "$scan plain"
compare "one thread / two (CPU the same, wall ≥ 1.85)" "≥ 1.85" "$scan --threads 1 plain" "$scan --threads 2 plain"
compare "UTF-16LE / UTF-8, the same characters" "≤ 1.3" "$scan wide" "$scan narrow"
compare "near hits everywhere (engine, one thread; 200 MiB) / plain (1 GiB)" "≥ 0.3 GB/s" "RAYON_NUM_THREADS=1 $engine scan literals.txt near/*" "RAYON_NUM_THREADS=1 $engine scan literals.txt plain/*"
compare "a bundle of one line / true" "≤ 5 ms" "$scan line" "/bin/true"
if [ -x /usr/bin/time ]; then
    echo
    echo "Peak memory: 1 GB $(peak $scan plain) MiB, 2 GB $(peak $scan double) MiB, one log of 1 GB $(peak $scan one) MiB, tar.gz $(peak $scan many.tar.gz) MiB."
fi
