#!/usr/bin/env bash
# Installs reconcile: the package that was named, or the checkout that this action is in.
set -euo pipefail
python -m pip install --quiet "${PACKAGE:-$GITHUB_ACTION_PATH/../../..}"
reconcile --version
