export const istioVersion: string;
export function istioPaths(): { readonly istiod: string; readonly istioctl: string };
export function getIstio(say?: (text: string) => void): Promise<{ readonly istiod: string; readonly istioctl: string }>;
