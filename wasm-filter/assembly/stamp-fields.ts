/**
 * The words of a stamp (DESIGN §5): its label, its headers, and its members among those of other signers. In come header
 * lines, out go our member, or the lines without it. No effects.
 */
import { slice } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { Dictionary, Member } from "./structured-fields";

export const LABEL = "countersign";
export const ZONE_HEADER = "x-countersign-zone";
export const INPUT_HEADER = "signature-input";
export const SIGNATURE_HEADER = "signature";

/** One member with the line it stands in. */
export class LabelledMember {
  constructor(
    public line: Uint8Array,
    public member: Member,
  ) {}
}

/** All members of our label; `ok` false when a line does not parse or another label bears our tag. */
export class Labelled {
  ok: bool = true;
  members: LabelledMember[] = [];

  constructor(lines: Uint8Array[]) {
    for (let i = 0; i < lines.length; i++) {
      const dictionary = new Dictionary(lines[i]);
      if (!dictionary.ok) this.ok = false;
      for (let m = 0; m < dictionary.members.length; m++) {
        const member = dictionary.members[m];
        if (dictionary.isLabelled(member, LABEL)) this.members.push(new LabelledMember(lines[i], member));
        // Who looks for stamps by their tag would find this one.
        else if (dictionary.isTagged(member, LABEL)) this.ok = false;
      }
    }
  }
}

/** The members of others, as one line; empty when there are none or any line does not parse. */
export function withoutOurs(lines: Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  for (let i = 0; i < lines.length; i++) {
    const dictionary = new Dictionary(lines[i]);
    if (!dictionary.ok) return new Uint8Array(0);
    for (let m = 0; m < dictionary.members.length; m++) {
      const member = dictionary.members[m];
      if (dictionary.isLabelled(member, LABEL) || dictionary.isTagged(member, LABEL)) continue;
      if (out.length > 0) out.text(", ");
      out.bytes(slice(lines[i], member.keyStart, member.end));
    }
  }
  return out.take();
}
