#!/usr/bin/env bash
# Ends the job as the plan ended: changes are no failure, what is held and what is wrong are one.
set -euo pipefail
case ${CODE:?} in
  0) echo 'Nothing to change.' ;;
  5) echo 'There are changes to apply.' ;;
  3)
    echo '::error title=reconcile::A plan is held: see the comment, or the log of the step that plans.'
    exit 3
    ;;
  *)
    echo '::error title=reconcile::A school cannot be planned: see the log of the step that plans.'
    exit "$CODE"
    ;;
esac
