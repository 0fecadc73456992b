#!/usr/bin/env bash
# The packages as users get them: packed, installed into an empty project, run. Argument: an empty folder to work in.
set -euo pipefail

folder=$1
tarball=$(npm pack --silent --pack-destination "$folder" </dev/null | tail -n 1)
sdk=$(npm pack --silent --workspace proxy-wasm-sdk-as --pack-destination "$folder" </dev/null | tail -n 1)
filter=$PWD/wasm-filter/build/countersign.wasm
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

# The SDK, as the author of a filter has it: its host under plain Node, its assembly under asc.
npm install --no-audit --no-fund --loglevel=error "$folder/$sdk" assemblyscript@0.28.20 </dev/null
cat >host.mjs <<'JS'
import { readFileSync } from "node:fs";
import { createHost } from "proxy-wasm-sdk-as/host";
const configuration = JSON.stringify({ stand: "guard", zone: "edge", inbound: "edge", ownedHeaders: [] });
const host = await createHost(readFileSync(process.argv[2]));
const stream = host.startPlugin({ rootId: "countersign.guard", configuration }).stream();
const head = [[":method", "GET"], [":path", "/"], [":authority", "a"], ["x-countersign-zone", "forged"]];
const { action, headers } = stream.requestHeaders(head);
if (action !== "continue" || headers.length !== 3) throw new Error(`${action} ${headers}`);
JS
node host.mjs "$filter"
npx --no-install asc node_modules/proxy-wasm-sdk-as/examples/hello/assembly/index.ts -o hello.wasm -O \
  --runtime incremental --exportStart _initialize --use abort=~lib/proxy-wasm-sdk-as/assembly/abort/abort </dev/null
test -s hello.wasm
