/**
 * CheckRequests read by a library that passes protobuf's conformance tests (protobuf-es), from the same protos. In: bytes.
 * Out: the object that `fromCheckRequest` takes, without metadata; undefined when the library refuses the bytes.
 */
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { loadSync } from "@grpc/proto-loader";
import type { WireCheckRequest } from "../../ext-authz/transport/from-check-request.ts";

/**
 * Fields that nobody of ours reads. To the library they are unknown, as they are to us: of those that it knows it does not ask
 * whether they come in their own wire type, and of map entries not whether a key ends with its entry.
 */
const UNREAD: ReadonlySet<string> = new Set(["service", "labels", "size", "protocol", "body", "raw_body"]);

const definitions = loadSync("envoy/service/auth/v3/external_auth.proto", { includeDirs: ["protos"] });
const found = definitions["envoy.service.auth.v3.CheckRequest"];
if (found === undefined || !("fileDescriptorProtos" in found) || !Array.isArray(found.fileDescriptorProtos))
  throw new Error("no CheckRequest in the protos");
// The file that imports comes before what it imports; a registry wants it after.
const files = found.fileDescriptorProtos.map((file) => fromBinary(FileDescriptorProtoSchema, file)).reverse();
const known = new Set(
  files.flatMap((file) => [file.package, ...namesIn(file.package, file.messageType, file.enumType)]),
);
for (const file of files)
  for (const message of file.messageType) resolveTypes(`${file.package}.${message.name}`, message);
const schema = createFileRegistry(create(FileDescriptorSetSchema, { file: files })).getMessage(
  "envoy.service.auth.v3.CheckRequest",
);

function namesIn(scope: string, messages: readonly DescriptorProto[], enums: readonly { name: string }[]): string[] {
  return [
    ...enums.map(({ name }) => `${scope}.${name}`),
    ...messages.flatMap((one) => [
      `${scope}.${one.name}`,
      ...namesIn(`${scope}.${one.name}`, one.nestedType, one.enumType),
    ]),
  ];
}

/** proto-loader writes type names as the proto files do: relative to where they stand. */
function resolveTypes(scope: string, message: DescriptorProto): void {
  if (/\.AttributeContext\.(Peer|HttpRequest)$/.test(scope)) {
    message.field = message.field.filter(({ name }) => !UNREAD.has(name));
  }
  for (const inner of message.nestedType) resolveTypes(`${scope}.${inner.name}`, inner);
  for (const field of message.field) {
    const parts = scope.split(".");
    while (field.typeName !== "" && !field.typeName.startsWith(".")) {
      const candidate = [...parts, field.typeName].join(".");
      if (known.has(candidate)) field.typeName = `.${candidate}`;
      else if (parts.pop() === undefined) throw new Error(`no type ${field.typeName}`);
    }
  }
}

export function readConformantly(bytes: Buffer): WireCheckRequest | undefined {
  if (schema === undefined) throw new Error("no CheckRequest in the registry");
  try {
    return plain(fromBinary(schema, bytes)) as WireCheckRequest;
  } catch {
    return undefined;
  }
}

/** Names as in the protos, and a oneof as its field. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const isMessage = "$typeName" in value;
  const out: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) {
    if (name === "$typeName" || name === "$unknown" || name === "metadataContext") continue;
    const oneof: { case?: string; value?: unknown } | undefined = isOneof(member) ? member : undefined;
    if (oneof === undefined) out[isMessage ? snake(name) : name] = plain(member);
    else if (oneof.case !== undefined) out[snake(oneof.case)] = plain(oneof.value);
  }
  return out;
}

function isOneof(value: unknown): value is { case?: string; value?: unknown } {
  return typeof value === "object" && value !== null && "case" in value && !("$typeName" in value);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
