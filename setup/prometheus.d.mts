/** Types of `prometheus.mjs`. */
export function prometheusFolder(): string;
export function hasPrometheus(): Promise<boolean>;
export function getPrometheus(say?: (text: string) => void): Promise<string>;
