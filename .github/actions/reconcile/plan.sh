#!/usr/bin/env bash
# Plans the schools that the pull request touches, or all of them. Leaves in GITHUB_OUTPUT: the exit code, the
# Markdown for the pull request, and the folder of the saved plans with whether it may be kept.
set -euo pipefail

work=${RUNNER_TEMP:?}/reconcile
rm -rf "$work"
mkdir -p "$work"
chmod 700 "$work"
comment=$work/comment.md
say() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

if [[ ${FORK:-false} == true ]]; then
  # A fork gets neither secrets nor exports, so nobody can plan for it; its files are checked all the same.
  code=0
  reconcile validate >"$work/log" || code=$?
  {
    printf '### Checked, not planned\n\n'
    printf 'A pull request from a fork gets no exports. Its school files were checked:\n\n```text\n'
    head -c 60000 "$work/log"
    printf '```\n'
  } >"$comment"
  say code "$code"
  say comment "$comment"
  say keep false
  exit 0
fi

while IFS= read -r line; do
  [[ -z $line || $line == '#'* ]] && continue
  if [[ ! $line =~ ^[A-Za-z_][A-Za-z0-9_]*= ]]; then
    printf '::error title=reconcile::variables: write NAME=value, a line each\n'
    exit 2
  fi
  export "${line?}"
done <<<"${VARIABLES:-}"

options=(--out "$work/plans" --out-markdown "$comment" --detailed-exitcode)
if [[ -n ${BASE:-} ]]; then options+=(--changed-since "$BASE"); else options+=(--all); fi
if [[ ${PSEUDONYMS:-false} == true ]]; then options+=(--pseudonyms); fi
keep=${KEEP_UNENCRYPTED:-false}
IFS=, read -ra recipients <<<"${ENCRYPT_TO:-}"
for recipient in "${recipients[@]}"; do
  options+=(--encrypt-to "$recipient")
  keep=true
done

code=0
reconcile plan "${options[@]}" || code=$?
if [[ ! -s $comment ]]; then
  printf '### \U1f534 reconcile plan failed\n\nThe log of this job says why.\n' >"$comment"
fi
# Plans hold names and e-mails: what may not be kept does not outlive this step.
[[ $keep == true ]] || rm -rf "$work/plans"
say code "$code"
say comment "$comment"
say plans "$work/plans"
say keep "$keep"
