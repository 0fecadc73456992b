/** The README of a new folder: the commands that start it and change it. In: answers. Out: Markdown. Pure. */
import type { Answers } from "./init-answers.ts";

export function readmeText(answers: Answers): string {
  const { target } = answers;
  return `# Countersign in front of ${answers.service}

\`countersign.yaml\` and \`policies/\` are what the server decides by; \`countersign.zones.yaml\` is what the proxies are made of.
\`rendered/\` is written, not edited.

## Change it
\`\`\`sh
npx countersign lint                                            # every mistake at once
npx countersign check --workload edge/app=${answers.zones[0] ?? "edge"} --path /api/orders \\
  --claims '{"iss": "${answers.issuer}", "sub": "alice", "aud": "${answers.audience}"}'
npx countersign render --target ${target} --out rendered            # after a change of zones, policies or settings
npx countersign render --target ${target} --out rendered --check    # for CI: exit code 1 where it has drifted
\`\`\`

## Run it
${START[target](answers)}
The stamp's secret is in \`.env\`, which git ignores: it belongs into the proxies' environment and nowhere else.
`;
}

const START: Readonly<Record<Answers["target"], (answers: Answers) => string>> = {
  envoy: ({ zones }) => start(zones.map((zone) => `rendered/${zone}.yaml`)),
  xds: ({ zones }) => start(zones.map((zone) => `rendered/${zone}/envoy.yaml`)),
  compose: () => `\`\`\`sh
docker build -t countersign:local -f envoy/Dockerfile --target countersign .    # in a clone of Countersign
docker compose --env-file .env -f rendered/compose.yaml up
\`\`\`
`,
  istio: ({ zones }) => `\`\`\`sh
docker build -t countersign:local -f envoy/Dockerfile --target countersign .    # in a clone of Countersign; push it to yours
kubectl apply -f rendered                                                       # the server first, then its filters
\`\`\`
The variable of \`.env\` must be in the environment of the proxies of ${zones.join(" and ")} (docs/attach.md).
`,
};

function start(files: readonly string[]): string {
  const envoys = files.map((file, index) => `envoy -c ${file} --base-id ${index + 1} &`);
  return `\`\`\`sh
npx countersign serve &
sha256sum -c rendered/countersign.wasm.sha256
set -a; . ./.env; set +a
${envoys.join("\n")}
curl -i http://127.0.0.1:10000/api/orders                       # 401: now with a token
\`\`\`
`;
}
