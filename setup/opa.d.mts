export const opaVersion: string;
export function opaPath(): string;
export function getOpa(say?: (text: string) => void): Promise<string>;
