/** Types of `packages.mjs`, for the TypeScript that uses it. */
interface Entry {
  readonly version?: string;
  readonly optional?: boolean;
  readonly integrity?: string;
}
export function packagesCurrent(folder: string): Promise<boolean>;
export function differences(wanted: ReadonlyMap<string, Entry>, present: ReadonlyMap<string, Entry>): readonly string[];
export function installPackages(folder: string, say: (text: string) => void): Promise<boolean>;
