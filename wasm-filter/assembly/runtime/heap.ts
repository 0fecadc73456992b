/**
 * The module's memory: what AssemblyScript calls its runtime, in place of its TLSF allocator and TCMS collector. A request
 * makes some dozens of small objects and all of them are garbage when it is over, so that making and freeing must cost next
 * to nothing: the next object stands behind the last one, and a collection frees whole runs of the dead at once. In come the
 * calls that the compiler writes (`__new`, `__visit`, …), out go addresses. Effects: linear memory.
 *
 * The heap is one row of blocks. A block is a word of size and flags, then what is in it; sizes are multiples of 16, and
 * contents are aligned to 16. A collection marks what can be reached with its number, then walks the row: neighbours that are
 * neither marked nor raw become one run, and runs are filled again from the front. Nothing moves.
 *
 * Invariants: every byte from the first block to `end` belongs to a block, but for the open run between `bump` and `limit`,
 * which `close` makes one. Collections happen where no local variable holds an object (assembly/tidy.ts).
 * What is exported here is known everywhere (build.mjs). Object layout: https://www.assemblyscript.org/runtime.html#memory-layout
 */

// Of a block: size and flags, then for objects two words of ours, the class and the size in bytes.
const NEXT: usize = 4;
const EPOCH: usize = 8;
const CLASS: usize = 12;
const LENGTH: usize = 16;
const RAW_HEAD: usize = 4;
const OBJECT_HEAD: usize = 20;

const FLAGS: u32 = 15;
/** Memory by hand (`heap.alloc`): lives until it is freed. */
const RAW: u32 = 1;
/** Reachable whatever points at it. */
const PINNED: u32 = 2;

/** Bytes; shorter runs are left to the next collection, and grow with their neighbours. */
const SHORTEST_RUN: u32 = 64;
/** Bytes; what is larger looks for its place without using up the runs that it does not fit in. */
const LARGE: usize = 8192;
/** Bytes; larger is a mistake, and traps. */
const LARGEST: usize = (1 << 30) - 64;
const PAGE_BITS: usize = 16;
const PAGE: usize = 1 << PAGE_BITS;
/** Pages by which memory grows at least. */
const MORE_PAGES: usize = 16;

/** Where the next block goes, and where the open run ends. */
let bump: usize = 0;
let limit: usize = 0;
/** The first of the other free runs, linked by `NEXT`, in order of address. */
let runs: usize = 0;
/** Behind the last block; 0 = there is none yet. */
let end: usize = 0;
/** The number of the last collection; never 0, which new objects bear. */
let epoch: u32 = 0;
/** Marked, but not looked into yet; linked by `NEXT`. */
let grey: usize = 0;
let pins: u32 = 0;

/** The first block; its contents are aligned. */
function firstBlock(): usize {
  return ((__heap_base + 19) & ~15) - 4;
}

function sizeOf(block: usize): usize {
  return <usize>(load<u32>(block) & ~FLAGS);
}

function makeFree(block: usize, size: usize): void {
  store<u32>(block, <u32>size);
  store<u32>(block, 0, EPOCH);
}

/** A block with `size` bytes behind `head` of its own. */
function take(head: usize, size: usize, flags: u32): usize {
  if (size > LARGEST) unreachable();
  const need = (head + size + 15) & ~15;
  if (need > limit - bump) openRun(need);
  const block = bump;
  bump = block + need;
  store<u32>(block, <u32>need | flags);
  return block;
}

function close(): void {
  if (bump < limit) makeFree(bump, limit - bump);
}

/** Opens the first run that has room, or a new one at the end. */
function openRun(need: usize): void {
  close();
  let before: usize = 0;
  let run = runs;
  while (run != 0 && sizeOf(run) < need) {
    const next = <usize>load<u32>(run, NEXT);
    if (need < LARGE) runs = next;
    else before = run;
    run = next;
  }
  if (run == 0) {
    growBy(need);
    return;
  }
  const next = load<u32>(run, NEXT);
  if (before == 0) runs = <usize>next;
  else store<u32>(before, next, NEXT);
  bump = run;
  limit = run + sizeOf(run);
}

/** A trap where the host has no more memory: the host then fails the stream closed, and starts the module anew. */
function growBy(need: usize): void {
  if (end == 0) end = firstBlock();
  // All that 32 bits can name is in use.
  if (end + need + PAGE < end) unreachable();
  const top = (<usize>memory.size()) << PAGE_BITS;
  const pages = max((end + need + PAGE - min(top, end + need)) >> PAGE_BITS, MORE_PAGES);
  if (memory.grow(<i32>pages) < 0) unreachable();
  bump = end;
  end = ((<usize>memory.size()) << PAGE_BITS) - 4;
  limit = end;
}

export function __alloc(size: usize): usize {
  return take(RAW_HEAD, size, RAW) + RAW_HEAD;
}

export function __realloc(at: usize, size: usize): usize {
  const room = sizeOf(at - RAW_HEAD) - RAW_HEAD;
  if (size <= room) return at;
  const made = __alloc(size);
  memory.copy(made, at, room);
  __free(at);
  return made;
}

/** The room is used again after the next collection. */
export function __free(at: usize): void {
  const block = at - RAW_HEAD;
  makeFree(block, sizeOf(block));
}

/** The contents are not cleared: the compiler and the library write every member. */
export function __new(size: usize, id: i32): usize {
  const object = take(OBJECT_HEAD, size, 0);
  store<u32>(object, 0, EPOCH);
  store<u32>(object, id, CLASS);
  store<u32>(object, <u32>size, LENGTH);
  return object + OBJECT_HEAD;
}

export function __renew(at: usize, size: usize): usize {
  const object = at - OBJECT_HEAD;
  // What the module was compiled with stands in no block.
  if (at >= __heap_base && size <= sizeOf(object) - OBJECT_HEAD) {
    store<u32>(object, <u32>size, LENGTH);
    return at;
  }
  const made = __new(size, load<i32>(object, CLASS));
  memory.copy(made, at, min(size, <usize>load<u32>(object, LENGTH)));
  return made;
}

/** For collectors that work bit by bit; this one stops the world. */
export function __link(_parent: usize, _child: usize, _many: bool): void {}

export function __visit(at: usize, _cookie: u32): void {
  if (at == 0) return;
  const object = at - OBJECT_HEAD;
  if (load<u32>(object, EPOCH) == epoch) return;
  store<u32>(object, epoch, EPOCH);
  store<u32>(object, <u32>grey, NEXT);
  grey = object;
}

/** Only what `__new` made; twice is as once. */
export function __pin(at: usize): usize {
  const object = at - OBJECT_HEAD;
  const flags = load<u32>(object);
  if ((flags & PINNED) == 0) pins++;
  store<u32>(object, flags | PINNED);
  return at;
}

export function __unpin(at: usize): void {
  const object = at - OBJECT_HEAD;
  const flags = load<u32>(object);
  if ((flags & PINNED) != 0) pins--;
  store<u32>(object, flags & ~PINNED);
}

export function __collect(): void {
  close();
  bump = 0;
  limit = 0;
  // A busy worker comes around in weeks.
  if (++epoch == 0) epoch = 1;
  const first = firstBlock();
  __visit_globals(0);
  if (pins != 0) {
    for (let block = first; block < end; block += sizeOf(block)) {
      if ((load<u32>(block) & PINNED) != 0) __visit(block + OBJECT_HEAD, 0);
    }
  }
  while (grey != 0) {
    const object = grey;
    grey = <usize>load<u32>(object, NEXT);
    __visit_members(object + OBJECT_HEAD, 0);
  }
  sweep(first);
}

function sweep(first: usize): void {
  runs = 0;
  let last: usize = 0;
  for (let block = first; block < end; ) {
    const run = block;
    while (block < end && (load<u32>(block) & RAW) == 0 && load<u32>(block, EPOCH) != epoch) block += sizeOf(block);
    const size = block - run;
    if (size == 0) {
      block += sizeOf(block);
      continue;
    }
    makeFree(run, size);
    if (size < SHORTEST_RUN) continue;
    store<u32>(run, 0, NEXT);
    if (last == 0) runs = run;
    else store<u32>(last, <u32>run, NEXT);
    last = run;
  }
}
