/**
 * Keys that come while the stand runs: asked for again and again, taken whole or not at all. In come the ticks of the root and
 * the answers to its calls; out go keys into a ring. Whatever is wrong with an answer, the keys that are in stay. Effects: HTTP
 * calls, log, counters.
 */
import {
  BufferType,
  defineMetric,
  getBuffer,
  headerPairs,
  httpCall,
  incrementMetric,
  LogLevel,
  log,
  MapType,
  MetricType,
  Status,
} from "proxy-wasm-sdk-as/assembly";
import { decimal, textOf } from "./ascii";
import { ObjectReader, Problems } from "./configuration-reader";
import { JsonDocument } from "./json";
import { KeyRing } from "./key-ring";
import { KeysFrom } from "./keys-from";
import { readKeys } from "./read-keys";
import { owe } from "./tidy";

const MAX_BYTES: u32 = 262144;
const MAX_DEPTH: i32 = 4;
/** Characters of what is logged and of an entity tag. */
const MAX_TEXT: i32 = 256;
/** An entity tag (RFC 9110 §8.8.3) of nothing. */
const NO_TAG = '"-"';
/** Milliseconds. */
const TIMEOUT: u32 = 2000;
/** Nanoseconds: after that a call without any answer is taken for lost; the first wait between two calls. */
const LOST: u64 = 4000000000;
const SOON: u64 = 200000000;

/** The first ring of each place in this VM, so that a configuration that comes again has its keys at once. */
const known: KeyRing[] = [];
const MAX_PLACES: i32 = 64;

export class KeySource {
  private token: u32 = 0;
  /** When the call that waits was sent; 0 = none waits. */
  private sent: u64 = 0;
  /** When to ask next. */
  private due: u64 = 0;
  private wait: u64 = SOON;
  private tag: string = NO_TAG;
  /** What was wrong with the newest answer, and with the one that the tag names; "" = nothing. */
  private problem: string = "";
  private tagged: string = "";
  private changed: u32;
  private failed: u32;

  constructor(
    private stand: string,
    private from: KeysFrom,
    private ring: KeyRing,
    private signs: bool,
    /** Id of the key that signs, where the answer names none. */
    private sign: string,
  ) {
    this.changed = defineMetric(MetricType.Counter, `countersign.${stand}.keys.changed`);
    this.failed = defineMetric(MetricType.Counter, `countersign.${stand}.keys.failed`);
    let at = 0;
    while (at < known.length && !known[at].isOf(from)) at++;
    if (at < known.length) ring.share(known[at]);
    else if (at < MAX_PLACES) known.push(ring);
  }

  tick(now: u64): void {
    if (now < this.due || (this.sent != 0 && now - this.sent < LOST)) return;
    if (this.sent != 0) this.fail("no answer");
    owe(0);
    const call = httpCall(this.from.cluster, this.from.head(this.tag), null, [], TIMEOUT);
    this.sent = call.status == Status.Ok ? now : 0;
    this.token = call.token;
    // Until keys are in, sooner: every request waits for them.
    this.wait = this.ring.isFetched ? this.from.period : min(this.wait * 2, this.from.period);
    // A tick that comes a little early must not put the call off to the next.
    this.due = now + this.wait - this.wait / 8;
    if (this.sent == 0) this.fail("the cluster cannot be called");
  }

  answered(token: u32, size: u32): void {
    if (this.sent == 0 || token != this.token) return;
    this.sent = 0;
    owe(<i32>min(size, MAX_BYTES));
    const pairs = headerPairs(MapType.HttpCallResponseHeaders);
    const line = pairs.find(":status");
    const status = line < 0 ? "" : pairs.valueString(line);
    // What the tag names was judged when it came.
    if (status == "304" && this.tag != NO_TAG) {
      this.problem = this.tagged;
      if (this.problem != "") incrementMetric(this.failed, 1);
      return;
    }
    if (status != "200") return this.fail(status == "" ? "no answer" : `status ${status.slice(0, 3)}`);
    if (size > MAX_BYTES) return this.fail(`larger than ${decimal(MAX_BYTES)} bytes`);
    const body = getBuffer(BufferType.HttpCallResponseBody, 0, size);
    if (body === null || <u32>body.length != size) return this.fail("no body");
    const tag = pairs.find("etag");
    this.tag = tag >= 0 && pairs.valueLength(tag) <= MAX_TEXT ? pairs.valueString(tag) : NO_TAG;
    this.take(body);
    this.tagged = this.problem;
  }

  private take(body: Uint8Array): void {
    const document = new JsonDocument(body, MAX_DEPTH);
    if (document.problem != "") return this.fail(`not JSON: ${document.problem}`);
    const problems = new Problems();
    const reader = new ObjectReader(document, 0, "", problems);
    const keys = readKeys(reader, this.signs);
    const named = reader.text("sign", "");
    const sign = named == "" ? this.sign : named;
    if (this.signs && !keys.isConfigured(sign) && !this.ring.isConfigured(sign)) {
      reader.fail("sign", "must be the id of one of keys");
    }
    reader.finish();
    if (!problems.none) return this.fail(problems.list[0]);
    this.ring.take(keys, named);
    this.problem = "";
    incrementMetric(this.changed, 1);
    log(LogLevel.Info, `countersign.${this.stand}: keys of ${this.from.cluster} are in`);
  }

  /** Logged when it is news, counted each time. */
  private fail(problem: string): void {
    incrementMetric(this.failed, 1);
    if (problem == this.problem) return;
    this.problem = problem;
    const text = problem.slice(0, MAX_TEXT);
    log(LogLevel.Error, `countersign.${this.stand}: keys of ${this.from.cluster} not taken: ${text}`);
  }
}
