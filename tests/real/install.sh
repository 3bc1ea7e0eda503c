#!/usr/bin/env bash
# Installs the two servers that the tests in this folder run against, both written by others, into
# .real/ at the root of the repository: aimock (npm) and mlx_lm.server (PyPI, 350 MB, a minute).
# Does nothing, quickly, for what is already there in the wanted version.
set -euo pipefail
cd "$(dirname "$0")/../.."

AIMOCK=1.43.0
MLX=0.32.4
MLX_LM=0.32.2
TRANSFORMERS=5.23.0

mkdir -p .real

has_aimock() {
  node -e 'process.exit(require(process.argv[1]).version === process.argv[2] ? 0 : 1)' \
    "$PWD/.real/node_modules/@copilotkit/aimock/package.json" "$AIMOCK" 2>/dev/null
}

has_mlx() {
  .real/mlx/bin/python - "mlx=$MLX" "mlx-cpu=$MLX" "mlx-lm=$MLX_LM" "transformers=$TRANSFORMERS" 2>/dev/null <<'PYTHON'
import sys
from importlib.metadata import version
sys.exit(any(version(name) != wanted for name, wanted in (pair.split("=") for pair in sys.argv[1:])))
PYTHON
}

if ! has_aimock; then
  npm install --prefix .real --no-audit --no-fund --loglevel error "@copilotkit/aimock@$AIMOCK"
fi
if ! has_mlx; then
  python3 -m venv --clear .real/mlx
  .real/mlx/bin/python -m pip install --quiet --disable-pip-version-check \
    "mlx[cpu]==$MLX" "mlx-lm==$MLX_LM" "transformers==$TRANSFORMERS"
fi
echo "aimock $AIMOCK and mlx_lm.server $MLX_LM are in .real/"
