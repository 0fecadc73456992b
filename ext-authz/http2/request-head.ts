/**
 * The head of one request, put together field by field. In: fields in their order. Out: what the server asks of a head, and
 * whether it may stand: RFC 9113 §8.2 and §8.3 and the bound of its size. A head that may not has still been read to its end,
 * since later ones refer to its fields. Pure but for itself.
 */
import { MAX_HEADER_LIST } from "./bounds.ts";
import type { Field } from "./field.ts";
import * as meaning from "./field.ts";

/** Texts of one character a byte; the same name twice is one text with a comma, RFC 9110 §5.3. */
export interface RequestHead {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly contentType: string | undefined;
  readonly grpcEncoding: string | undefined;
  readonly grpcTimeout: string | undefined;
  /** Bytes; undefined: the client does not say. */
  readonly contentLength: number | undefined;
  readonly fault: HeadFault | undefined;
  /** Bytes, RFC 7541 §4.1. */
  readonly size: number;
  /** A trailer section has none of these. */
  readonly hasPseudo: boolean;
}

export type HeadFault = "malformed" | "too large";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DIGITS = /^[0-9]{1,15}$/;

export class HeadBuilder implements RequestHead {
  method: string | undefined = undefined;
  path: string | undefined = undefined;
  contentType: string | undefined = undefined;
  grpcEncoding: string | undefined = undefined;
  grpcTimeout: string | undefined = undefined;
  contentLength: number | undefined = undefined;
  fault: HeadFault | undefined = undefined;
  hasPseudo = false;
  private scheme: string | undefined = undefined;
  private authority: string | undefined = undefined;
  private hasRegular = false;
  size = 0;

  add(field: Field): void {
    this.size += field.size;
    if (this.size > MAX_HEADER_LIST) this.fault = "too large";
    if (this.fault !== undefined) return;
    if (!field.sound || !this.take(field)) this.fault = "malformed";
  }

  /** @param isTrailer what ends a body; it says nothing that we read */
  end(isTrailer: boolean): void {
    if (this.fault !== undefined) return;
    if (isTrailer ? this.hasPseudo : !this.isWhole()) this.fault = "malformed";
  }

  private take({ meaning: what, value }: Field): boolean {
    if (what >= meaning.METHOD && what <= meaning.AUTHORITY) return this.takePseudo(what, value);
    this.hasRegular = true;
    switch (what) {
      case meaning.CONTENT_TYPE:
        this.contentType = joined(this.contentType, value);
        return true;
      case meaning.GRPC_ENCODING:
        this.grpcEncoding = joined(this.grpcEncoding, value);
        return true;
      case meaning.GRPC_TIMEOUT:
        this.grpcTimeout = joined(this.grpcTimeout, value);
        return true;
      case meaning.CONTENT_LENGTH:
        return this.takeLength(value);
      default:
        return true;
    }
  }

  /** Each once, and before every other field. */
  private takePseudo(what: number, value: string): boolean {
    if (this.hasRegular) return false;
    this.hasPseudo = true;
    switch (what) {
      case meaning.METHOD:
        if (this.method !== undefined || !TOKEN.test(value)) return false;
        this.method = value;
        return true;
      case meaning.PATH:
        if (this.path !== undefined) return false;
        this.path = value;
        return true;
      case meaning.SCHEME:
        if (this.scheme !== undefined) return false;
        this.scheme = value;
        return true;
      default:
        if (this.authority !== undefined) return false;
        this.authority = value;
        return true;
    }
  }

  private takeLength(value: string): boolean {
    if (!DIGITS.test(value)) return false;
    const bytes = Number(value);
    if (this.contentLength !== undefined && this.contentLength !== bytes) return false;
    this.contentLength = bytes;
    return true;
  }

  private isWhole(): boolean {
    if (this.method === "CONNECT") {
      return this.authority !== undefined && this.path === undefined && this.scheme === undefined;
    }
    if (this.method === undefined || this.scheme === undefined || this.path === undefined) return false;
    return this.path.startsWith("/") || (this.path === "*" && this.method === "OPTIONS");
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
