/** The signature is good in every case; what was signed, or how it is spelled, has two readings, or names what nobody may obey. */
import { encode, jwkOf, jwksOf, keys, signatureOf } from "./forge.ts";
import { CLAIMS, type Vector } from "./vectors.ts";

const HEADER = '{"alg":"ES256"}';
const PAYLOAD = JSON.stringify(CLAIMS);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Signs the segments as they stand, however they are spelled. */
function signed(header: string, payload: string): string {
  const input = `${header}.${payload}`;
  return `${input}.${encode(signatureOf("ES256", input, keys.p256))}`;
}

const ofHeader = (text: string): string => signed(encode(text), encode(PAYLOAD));
const ofPayload = (text: string | Uint8Array): string => signed(encode(HEADER), encode(text));

/** Text whose segment has bits left over, and the segment with one of these set. */
function spareBits(text: string): string {
  let padded = text;
  while (Buffer.byteLength(padded) % 3 === 0) padded = `${padded} `;
  const segment = encode(padded);
  return segment.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(segment.slice(-1)) + 1);
}

function padded(text: string): string {
  let whole = text;
  while (Buffer.byteLength(whole) % 3 === 0) whole = `${whole} `;
  return Buffer.from(whole).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

const HEADERS: readonly (readonly [string, string])[] = [
  ["alg twice", '{"alg":"ES256","alg":"ES256"}'],
  ["alg twice, once none", '{"alg":"none","alg":"ES256"}'],
  ["alg twice, once escaped", '{"\\u0061lg":"none","alg":"ES256"}'],
  ["alg twice, the last escaped", '{"alg":"ES256","al\\u0067":"none"}'],
  ["kid twice", '{"alg":"ES256","kid":"a","kid":"b"}'],
  ["an unknown member twice", '{"alg":"ES256","x":1,"x":1}'],
  ["a member twice, further in", '{"alg":"ES256","x":{"y":1,"\\u0079":1}}'],
  ["es256", '{"alg":"es256"}'],
  ["Es256", '{"alg":"Es256"}'],
  ["ES256 and a blank", '{"alg":"ES256 "}'],
  ["ES256 and a NUL", '{"alg":"ES256\\u0000"}'],
  ["ES256 in full width", '{"alg":"\uff25S256"}'],
  ["alg a list", '{"alg":["ES256"]}'],
  ["alg an object", '{"alg":{"ES256":1}}'],
  ["ALG", '{"ALG":"ES256"}'],
  ["none", '{"alg":"none"}'],
  ["None", '{"alg":"None"}'],
  ["NONE", '{"alg":"NONE"}'],
  ["nOnE", '{"alg":"nOnE"}'],
  ["no alg", "{}"],
  ["empty alg", '{"alg":""}'],
  ["constructor", '{"alg":"constructor"}'],
  ["b64 false", '{"alg":"ES256","b64":false}'],
  ["b64 false and critical", '{"alg":"ES256","b64":false,"crit":["b64"]}'],
  ["b64 true and critical", '{"alg":"ES256","b64":true,"crit":["b64"]}'],
  ["b64 a string", '{"alg":"ES256","b64":"false"}'],
  ["crit empty", '{"alg":"ES256","crit":[]}'],
  ["crit with a claim", '{"alg":"ES256","crit":["exp"],"exp":1}'],
  ["crit null", '{"alg":"ES256","crit":null}'],
  ["crit with alg", '{"alg":"ES256","crit":["alg"]}'],
  ["JWE's enc", '{"alg":"dir","enc":"A128GCM"}'],
  ["single quotes", "{'alg':'ES256'}"],
  ["a comment", '{"alg":"ES256"/**/}'],
  ["a comma too many", '{"alg":"ES256",}'],
  ["two objects", '{"alg":"ES256"}{"alg":"ES256"}'],
  ["a BOM", `\ufeff${HEADER}`],
  ["a NUL behind", `${HEADER}\u0000`],
  ["a no-break space", `\u00a0${HEADER}`],
  ["a list", '["ES256"]'],
];

const more = (members: string): string => `{${members},${PAYLOAD.slice(1)}`;
const PAYLOADS: readonly (readonly [string, string | Uint8Array])[] = [
  ["sub twice", more('"sub":"admin"')],
  ["sub twice, once escaped", more('"s\\u0075b":"admin"')],
  ["exp twice, once escaped", more('"\\u0065xp":9999999999')],
  ["aud twice, once escaped", more('"\\u0061\\u0075\\u0064":"other"')],
  ["iss twice", more('"iss":"https://issuer.example"')],
  ["an unknown member twice", more('"x":1,"x":1')],
  ["a member twice, further in", more('"x":[{"y":1,"y":2}]')],
  ["__proto__ twice", more('"__proto__":1,"__proto__":2')],
  ["a lone surrogate", more('"x":"\\ud800"')],
  ["a lone surrogate in a name", more('"\\udc00":1')],
  ["no UTF-8", Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xc0, 0xaf]), Buffer.from(`",${PAYLOAD.slice(1)}`)])],
  ["UTF-16", Buffer.from(PAYLOAD, "utf16le")],
  ["a control character in a string", more('"x":"\u0001"')],
  ["NaN", more('"x":NaN')],
  ["a number in hex", more('"x":0x10')],
  ["a number with a leading zero", more('"x":01')],
  ["a number beyond a double", more('"x":1e400')],
  ["very deep", more(`"x":${"[".repeat(2000)}${"]".repeat(2000)}`)],
  ["a BOM", `\ufeff${PAYLOAD}`],
  ["rest behind it", `${PAYLOAD}{}`],
];

export function jsonCases(): readonly Vector[] {
  const [header, payload] = [encode(HEADER), encode(PAYLOAD)];
  const good = signed(header, payload);
  const signature = good.slice(good.lastIndexOf(".") + 1);
  const spellings: readonly (readonly [string, string])[] = [
    ["padded header", signed(padded(HEADER), payload)],
    ["padded payload", signed(header, padded(PAYLOAD))],
    ["padded signature", `${good}==`],
    ["one = too many behind the header", signed(`${header}=`, payload)],
    ["spare bits in the header", signed(spareBits(HEADER), payload)],
    ["spare bits in the payload", signed(header, spareBits(PAYLOAD))],
    ["spare bits in the signature", good.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(good.slice(-1)) + 1)],
    ["a blank in the header", signed(`${header.slice(0, 4)} ${header.slice(4)}`, payload)],
    ["a line end in the payload", signed(header, `${payload.slice(0, 8)}\n${payload.slice(8)}`)],
    ["a tab in the signature", `${header}.${payload}.${signature.slice(0, 5)}\t${signature.slice(5)}`],
    ["a blank behind", `${good} `],
    ["a dot behind", `${good}.`],
    ["a dot in front", `.${good}`],
    ["two dots", `${header}..${signature}`],
    ["no signature", `${header}.${payload}.`],
    ["no signature, no dot", `${header}.${payload}`],
    ["JSON serialization", JSON.stringify({ protected: header, payload, signature })],
    ["base64 in the payload", signed(header, Buffer.from(`{"x":"???>>>",${PAYLOAD.slice(1)}`).toString("base64"))],
    ["percent-encoded", good.replaceAll(".", "%2E")],
    ["another's signature", `${header}.${encode(more('"x":1'))}.${signature}`],
  ];
  const stranger = jwkOf(keys.otherRsa);
  const embedded = ["jwk", "x5c", "jku", "x5u"].map((name) => {
    const value = { jwk: stranger, x5c: ["MIIB"], jku: "http://127.0.0.1:1/", x5u: "http://127.0.0.1:1/" }[name];
    const input = `${encode(JSON.stringify({ alg: "RS256", [name]: value }))}.${payload}`;
    return [
      `signed by the key of its own ${name}`,
      `${input}.${encode(signatureOf("RS256", input, keys.otherRsa))}`,
    ] as const;
  });
  const refused = [
    ...HEADERS.map(([name, text]) => [`header: ${name}`, ofHeader(text)] as const),
    ...PAYLOADS.map(([name, text]) => [`payload: ${name}`, ofPayload(text)] as const),
    ...spellings,
    ...embedded,
  ];
  const accepted: readonly (readonly [string, string])[] = [
    ["good", good],
    ["white space where JSON has it", signed(encode(' {\t"alg" :\r\n"ES256"} '), encode(` ${PAYLOAD}\n`))],
    ["escaped, once", ofHeader('{"\\u0061lg":"\\u00452\\u00356"}'.replace("2\\u00356", "S256"))],
    ["members nobody knows", ofHeader('{"alg":"ES256","typ":"JWT","b64":true,"x5t":"a"}')],
    ["a claim called __proto__", ofPayload(more('"__proto__":{"sub":"admin"}'))],
  ];
  const jwks = jwksOf(jwkOf(keys.p256), { ...jwkOf(keys.rsa), kid: "mine" });
  return [
    ...accepted.map(([name, raw]) => ({ name, jwks, raw, accepted: true })),
    ...refused.map(([name, raw]) => ({ name, jwks, raw, accepted: false })),
  ];
}
