/** A socket whose other end is the test: what is fed comes in these very chunks, what is written is kept. No network, no turn of the loop. */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { HEAD, readNumber31 } from "../../ext-authz/http2/frame-layout.ts";
import { createHttp2Server, type Http2Server } from "../../ext-authz/http2/server.ts";
import type { Accept } from "../../ext-authz/http2/stream.ts";
import type { SeenFrame } from "./raw-client.ts";

export class FakeSocket extends EventEmitter {
  writable = true;
  destroyed = false;
  writableLength = 0;
  writableNeedDrain = false;
  private readonly chunks: Buffer[] = [];

  setNoDelay(): void {}
  pause(): void {}
  resume(): void {}

  write(chunk: Uint8Array): boolean {
    // The writer may use its buffer again.
    this.chunks.push(Buffer.from(chunk));
    return true;
  }

  end(): void {
    this.writable = false;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }

  feed(...parts: readonly Uint8Array[]): void {
    if (!this.destroyed) this.emit("data", Buffer.concat(parts));
  }

  written(): Buffer {
    return Buffer.concat(this.chunks);
  }

  frames(): SeenFrame[] {
    const all = this.written();
    const seen: SeenFrame[] = [];
    for (let at = 0; at < all.length; ) {
      const end = at + HEAD + all.readUIntBE(at, 3);
      const [type = 0, flags = 0] = [all[at + 3], all[at + 4]];
      seen.push({ type, flags, stream: readNumber31(all, at + 5), payload: all.subarray(at + HEAD, end) });
      at = end;
    }
    return seen;
  }
}

export interface FakeServer extends Http2Server {
  connect(): FakeSocket;
}

export function fakeServer(accept: Accept, maxStreams = 100): FakeServer {
  const server = createHttp2Server(accept, maxStreams);
  return {
    ...server,
    connect() {
      const socket = new FakeSocket();
      server.take(socket as unknown as Socket);
      return socket;
    },
  };
}
