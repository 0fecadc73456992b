/** One Check over a connection of its own, with these headers. Out: google.rpc.Code. */
import * as grpc from "@grpc/grpc-js";
import { authorizationService } from "../../ext-authz/transport/protos.ts";

export async function checkOverGrpc(
  { host, port }: { readonly host: string; readonly port: number },
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
  const http = { method: "GET", path: "/", host: "a", scheme: "http", headers };
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        { attributes: { request: { http } } },
        { deadline: Date.now() + 10_000 },
        (error: grpc.ServiceError | null, value?: unknown) => {
          if (error !== null) return reject(error);
          resolve(Number(/"status":\{[^{}]*"code":(\d+)/.exec(JSON.stringify(value))?.[1] ?? 0));
        },
      );
    });
  } finally {
    client.close();
  }
}
