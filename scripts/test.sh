#!/usr/bin/env bash
# Every check there is, one after the other, each with a log in out/test/. One that fails does not
# keep the others from running; the last line says how it went.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$repository"

logs=out/test
rm -rf "$logs"
mkdir -p "$logs"
failed=()

# check NAME COMMAND...: runs it, showing what it says.
check() {
    local name=$1 started=$SECONDS
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    if "$@" 2>&1 | tee "$logs/$name.log"; then
        printf '== %s: ok, %d s\n' "$name" $((SECONDS - started))
    else
        failed+=("$name")
        printf '== %s: FAILED, %d s\n' "$name" $((SECONDS - started))
    fi
}

# In the folder of a Python package, so that its own settings hold.
python_in() {
    local folder=$1 python=$2
    shift 2
    (cd "$folder" && PYTHONDONTWRITEBYTECODE=1 "$runtime_dir/$python/bin/python" -m "$@")
}

# How many tests the logs report as passed, failed or skipped: cargo's closing lines say
# "5 passed; 0 failed; 1 ignored", pytest's "5 passed, 1 skipped in 0.1s".
tests_that() {
    cat "$logs"/*.log |
        sed -n '/^test result: /p; /^[= ]*[0-9].* in [0-9.]*s/p' |
        { grep -oE "[0-9]+ ($1)\b" || true; } |
        awk '{ n += $1 } END { print n + 0 }'
}

check format cargo fmt --all --check
check lints cargo clippy --workspace --all-targets --locked -- -D warnings
check tests cargo test --workspace --locked --no-fail-fast
check docs env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
for package in models/training:python bench/peers:bench-python; do
    folder=${package%:*} python=${package#*:}
    check "lints-${folder//\//-}" python_in "$folder" "$python" ruff check .
    check "tests-${folder//\//-}" python_in "$folder" "$python" pytest
done

check lints-bench python_in bench bench-python ruff check --config "$repository/bench/peers/pyproject.toml" --exclude peers .
check lints-tests python_in tests python ruff check --config "$repository/models/training/pyproject.toml" .

printf '\n'
if ((${#failed[@]} > 0)); then
    printf 'FAILED: %s (%d tests failed; logs in %s)\n' "${failed[*]}" "$(tests_that failed)" "$logs"
    exit 1
fi
printf 'tests: %d passed, %d failed, %d skipped\n' \
    "$(tests_that passed)" "$(tests_that failed)" "$(tests_that 'skipped|ignored')"
