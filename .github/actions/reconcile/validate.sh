#!/usr/bin/env bash
# Checks every school file; mistakes show on the lines of the pull request. They fail the job in the end,
# for a school that is in order is planned all the same.
set -euo pipefail
reconcile validate --format github || echo 'Some school files have mistakes: see the annotations.'
