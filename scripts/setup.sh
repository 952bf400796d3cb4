#!/usr/bin/env bash
# Installs what sonoscope needs and is not there. Running it again costs well under a second: each
# step looks at what is really there, so nothing has to be remembered.
#
#   scripts/setup.sh             to build, test and run
#   scripts/setup.sh training    and the Python environment of models/training
#   scripts/setup.sh bench       and what bench/peers needs on top of it, readers of Parquet, and
#                                the servers that tests start
#
# DEVICE=cpu (the default) names the build of ONNX Runtime: scripts/setup/onnxruntime-$DEVICE.lock.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/common.sh"

goal=${1:-program}
case $goal in
program | training | bench) ;;
*) fail "unknown set-up '$goal': one of program, training, bench" ;;
esac

"$here/setup/rust.sh"
if [[ $goal == bench ]]; then
    "$here/setup/packages.sh" tests
else
    "$here/setup/packages.sh"
fi
# That for processors always: it is what the tests run on.
"$here/setup/onnxruntime.sh" cpu
if [[ ${DEVICE:-cpu} != cpu ]]; then
    "$here/setup/onnxruntime.sh" "$DEVICE"
fi
if [[ ${DEVICE:-cpu} == cuda ]]; then
    "$here/setup/cuda-libraries.sh"
fi

training_lock=$repository/models/training/requirements.lock
if [[ $goal != program ]]; then
    "$here/setup/python.sh" python "$training_lock"
fi
if [[ $goal == bench ]]; then
    "$here/setup/python.sh" bench-python "$repository/bench/peers/requirements.lock" "$training_lock"
    "$here/setup/python.sh" readers "$repository/tests/readers/requirements.lock"
fi
