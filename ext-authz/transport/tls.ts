/**
 * Our certificate and who may connect. In: paths, a way to read them. Out: TLS options for a server, renewed as the files
 * change, and the verdict on a client's certificate. Effects: reads files when told to. A renewal that does not fit
 * together changes nothing.
 */
import { createSecureContext, type PeerCertificate, type SecureContextOptions } from "node:tls";
import type { TlsSettings } from "../config/settings.ts";

export interface ServerTls {
  /** The files, for a watcher. */
  readonly files: readonly string[];
  /** True = clients must prove who they are. */
  readonly mutual: boolean;
  options(): SecureContextOptions;
  /** Called with the new options after each renewal. @returns a way to end that */
  onRenewal(renew: (options: SecureContextOptions) => void): () => void;
  /** Reads the files again. @throws when they are missing or do not fit together; what was in use stays. */
  renew(): Promise<void>;
  /** For a certificate whose chain was verified. */
  allows(certificate: Partial<Pick<PeerCertificate, "subjectaltname">>): boolean;
}

type ReadFile = (path: string) => Promise<string>;

/** @throws when the files are missing or do not fit together. */
export async function openTls(settings: TlsSettings, readFile: ReadFile): Promise<ServerTls> {
  const listeners = new Set<(options: SecureContextOptions) => void>();
  const { certFile, keyFile, clientCaFile } = settings;
  const allowed = new Set(settings.allowedSans);
  let options = await load(settings, readFile);
  return {
    files: [certFile, keyFile, clientCaFile].filter((file) => file !== ""),
    mutual: clientCaFile !== "",
    options: () => options,
    onRenewal(renew) {
      listeners.add(renew);
      return () => listeners.delete(renew);
    },
    async renew() {
      options = await load(settings, readFile);
      for (const renew of listeners) renew(options);
    },
    allows: ({ subjectaltname }) => allowed.size === 0 || sansOf(subjectaltname).some((name) => allowed.has(name)),
  };
}

async function load(settings: TlsSettings, readFile: ReadFile): Promise<SecureContextOptions> {
  const { certFile, keyFile, clientCaFile } = settings;
  const [cert, key, ca] = await Promise.all([
    readFile(certFile),
    readFile(keyFile),
    clientCaFile === "" ? undefined : readFile(clientCaFile),
  ]);
  // What is empty counts as not given, and a server without a certificate starts all the same.
  if (cert === "" || key === "") throw new Error(`listen.tls: ${certFile}, ${keyFile}: one of them is empty`);
  // An empty bundle would be taken for none, and none means Node's own roots.
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error(`listen.tls.clientCaFile: ${clientCaFile}: holds no certificate`);
  }
  const options: SecureContextOptions = { cert, key, minVersion: "TLSv1.2", ...(ca !== undefined && { ca }) };
  try {
    createSecureContext(options);
  } catch (cause) {
    // OpenSSL's text names what does not fit and quotes nothing of the key.
    throw new Error(`listen.tls: ${certFile}, ${keyFile}: ${cause instanceof Error ? cause.message : "unusable"}`);
  }
  return options;
}

/**
 * Node writes names as `DNS:a, URI:b` and quotes, as JSON, those that hold what could pass for another name
 * (CVE-2021-44532). A quoted name is none of ours: it matches nothing.
 */
function sansOf(text: string | undefined): readonly string[] {
  return (text ?? "").includes('"') ? [] : (text ?? "").split(", ");
}
