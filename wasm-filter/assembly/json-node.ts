/** One value of a JSON document: its kind and where it stands in the text. No effects. */

export const NULL: i32 = 0;
export const FALSE: i32 = 1;
export const TRUE: i32 = 2;
export const NUMBER: i32 = 3;
export const STRING: i32 = 4;
export const ARRAY: i32 = 5;
export const OBJECT: i32 = 6;

export class JsonNode {
  /** First child's index follows the node's own; `next` is the index after its last descendant. */
  next: i32 = 0;
  escaped: bool = false;
  /** Strings: without the quotes. */
  constructor(
    public kind: i32,
    public start: i32,
    public end: i32,
  ) {}
}
