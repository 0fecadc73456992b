#!/usr/bin/env bash
# The package as users get it: packed, installed into an empty project, run. Argument: an empty folder to work in.
set -euo pipefail

folder=$1
tarball=$(npm pack --silent --pack-destination "$folder" </dev/null | tail -n 1)
mkdir "$folder/project"
cd "$folder/project"
npm init --yes >/dev/null
npm install --no-audit --no-fund --loglevel=error "$folder/$tarball" </dev/null
npx --no-install countersign --help </dev/null

cat >policy.yaml <<'YAML'
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: read-only, namespace: shop }
spec:
  action: ALLOW
  rules:
    - to: [{ operation: { methods: [GET], ports: ["8080"] } }]
YAML
npx --no-install countersign lint policy.yaml </dev/null

sed 's/methods/mehtods/' policy.yaml >wrong.yaml
if npx --no-install countersign lint wrong.yaml </dev/null; then
  echo "lint accepted a misspelt field" >&2
  exit 1
fi
