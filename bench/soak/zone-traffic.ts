/**
 * What the soak sends to the inner zone itself: with good stamps, old ones, used ones, ones for something else, and forged
 * ones. In: the key with which it stamps. Out: kinds of requests. No effects but the clock, which stamps are made by.
 */
import { createHash } from "node:crypto";
import { restamp } from "../../examples/demo/stamp.ts";
import { type Chance, HOST, type Kind, noise, number } from "./shot.ts";

const LIFETIME_SECONDS = 30;
const get = (path: string) => `GET ${path} HTTP/1.1`;
const path = (random: Chance) => `/o/${number(random, 1e6)}?a=${number(random, 100)}`;
const invalid = { status: 403, reason: "stamp_invalid" };

export function zoneKinds(secret: string): readonly Kind[] {
  const stamped = (random: Chance, method: string, target: string, body = "", shift = 0): readonly string[] => {
    const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
    const covered = body === "" ? "" : '"content-digest" ';
    const now = Math.floor(Date.now() / 1000) + shift;
    const nonce = Buffer.from(Array.from({ length: 16 }, () => number(random, 256))).toString("base64url");
    const input =
      `countersign=("@method" "@authority" "@path" "@query" ${covered}"x-countersign-zone");created=${now};` +
      `expires=${now + LIFETIME_SECONDS};nonce="${nonce}";keyid="own";alg="hmac-sha256";tag="countersign"`;
    const headers = { "signature-input": input, "x-countersign-zone": "edge", "content-digest": digest };
    const { signature } = restamp({ method, target, authority: HOST, headers }, secret, 0);
    const lines = [`signature-input: ${input}`, `signature: ${signature}`, "x-countersign-zone: edge"];
    return body === "" ? lines : [...lines, `content-digest: ${digest}`];
  };
  const posted = (random: Chance, said: string, sent: string): readonly string[] => {
    const target = path(random);
    const head = [`POST ${target} HTTP/1.1`, ...stamped(random, "POST", target, said)];
    return [...head, `content-length: ${sent.length}`, "", sent];
  };
  const good = (random: Chance, target = path(random)) => [get(target), ...stamped(random, "GET", target)];
  const forged = (random: Chance) =>
    `countersign=("@method" "@authority" "@path" "@query" "x-countersign-zone");created=${number(random, 2e9)};` +
    `expires=9999999999;nonce="${Buffer.from(noise(random, 12)).toString("base64url")}";keyid="own";` +
    'alg="hmac-sha256";tag="countersign"';
  return [
    { weight: 2, status: 200, fresh: true, lines: (random) => good(random) },
    {
      weight: 1,
      status: 200,
      fresh: true,
      deep: true,
      lines: (random) => good(random, `/deep/${number(random, 1e6)}`),
    },
    { weight: 1, status: 200, fresh: true, lines: (random) => posted(random, "a body", "a body") },
    {
      ...{ weight: 1, status: 200, fresh: true, again: { status: 403, reason: "stamp_replayed" } },
      lines: (random) => good(random),
    },
    { weight: 1, ...invalid, fresh: true, lines: (random) => posted(random, "a body", "b body") },
    {
      ...{ weight: 1, ...invalid, fresh: true },
      lines: (random) => [get(path(random)), ...stamped(random, "GET", "/o/another")],
    },
    {
      ...{ weight: 1, status: 403, reason: "stamp_expired", fresh: true },
      lines: (random) => {
        const target = path(random);
        return [get(target), ...stamped(random, "GET", target, "", -LIFETIME_SECONDS - 10)];
      },
    },
    { weight: 2, status: 403, reason: "stamp_missing", lines: (random) => [get(path(random))] },
    {
      ...{ weight: 3, ...invalid },
      lines: (random) => [
        ...[get(path(random)), `signature-input: ${forged(random)}`, "x-countersign-zone: edge"],
        `signature: countersign=:${Buffer.from(noise(random, 32)).toString("base64")}:`,
      ],
    },
    {
      ...{ weight: 3, ...invalid },
      lines: (random) => [
        ...[get(path(random)), `signature-input: countersign=(${noise(random, 200)}`],
        "signature: countersign=:AA==:",
      ],
    },
  ];
}
