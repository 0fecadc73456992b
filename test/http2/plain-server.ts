/** The HTTP/2 server with nothing behind it but an answer that says what came: so many bytes, of this path. */
import { headerBlock } from "../../ext-authz/http2/header-block.ts";
import { createHttp2Server, type Http2Server } from "../../ext-authz/http2/server.ts";
import type { Accept, Receiver, ServerStream } from "../../ext-authz/http2/stream.ts";

const OK = headerBlock([[":status", "200"]]);
const END = headerBlock([["x-end", "1"]]);

export interface PlainServer extends Http2Server {
  readonly port: number;
  /** Streams that were taken on and whose receivers have not been told of their end. */
  readonly open: Set<ServerStream>;
  /** Whole bodies, in the order in which they ended. */
  readonly bodies: readonly string[];
}

export interface PlainOptions {
  readonly maxStreams?: number;
  /** Bytes of an answer; undefined: as many as come. */
  readonly answer?: string;
  /** Answers nothing. */
  readonly silent?: boolean;
}

export interface Plain {
  readonly accept: Accept;
  readonly open: Set<ServerStream>;
  readonly bodies: readonly string[];
}

export function plain({ answer, silent = false }: PlainOptions = {}): Plain {
  const open = new Set<ServerStream>();
  const bodies: string[] = [];
  const accept = (stream: ServerStream): Receiver => {
    let body = "";
    open.add(stream);
    return {
      data(piece, ended) {
        body += piece.toString("latin1");
        if (!ended) return;
        bodies.push(body);
        if (!silent) stream.answer(OK, Buffer.from(answer ?? `${stream.head.path}=${body}`, "latin1"), END);
      },
      late: () => stream.reset(8),
      leaving: () => {},
      closed: () => void open.delete(stream),
    };
  };
  return { accept, open, bodies };
}

export async function plainServer(options: PlainOptions = {}): Promise<PlainServer> {
  const { accept, open, bodies } = plain(options);
  const server = createHttp2Server(accept, options.maxStreams ?? 100);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  return { ...server, port, open, bodies };
}
