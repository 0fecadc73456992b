/**
 * What every connection for keys must pass, before and after DNS. In: the URL as somebody wrote it, the operator's bounds. Out:
 * a URL that may be asked, a look-up that hides no blocked address, the roots to trust. Effects: the look-up asks DNS.
 */
import { X509Certificate } from "node:crypto";
import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { rootCertificates } from "node:tls";
import { err, ok, type Result } from "../result.ts";
import { isBlockedAddress } from "./blocked-address.ts";

export interface ConnectionBounds {
  /** PEM certificates to trust besides the built-in ones; "" = none. */
  readonly caPem: string;
  /** Lets link-local and metadata addresses through (tests). */
  readonly allowPrivateAddresses: boolean;
}

const BLOCKED = "link-local or metadata address";

export function readTarget(text: string, allowPrivate: boolean): Result<URL, string> {
  if (!URL.canParse(text)) return err("not a URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return err("neither http nor https");
  if (url.username !== "" || url.password !== "") return err("credentials in the URL");
  // node never looks up a literal address, so the guarded look-up would not see it.
  const host = hostOf(url);
  if (!allowPrivate && isIP(host) !== 0 && isBlockedAddress(host)) return err(BLOCKED);
  return ok(url);
}

/** Without the brackets of an IPv6 literal. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * The addresses that are checked are those that are connected to: no second look-up can answer differently. One blocked
 * address among several refuses the name: which one is taken is not ours to choose.
 */
export function guardLookup(lookup: LookupAll): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isBlockedAddress(address))) {
        return callback(new Error(BLOCKED), "", 0);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

const guardedLookup = guardLookup(dnsLookup);

export function lookupOf({ allowPrivateAddresses }: ConnectionBounds): { readonly lookup?: LookupFunction } {
  return allowPrivateAddresses ? {} : { lookup: guardedLookup };
}

const CERTIFICATE = "-----BEGIN CERTIFICATE-----";

/**
 * Roots for TLS: the built-in ones and the operator's.
 * @throws when a certificate of the bundle cannot be read: node would leave it out in silence.
 */
export function rootsOf({ caPem }: ConnectionBounds): { readonly ca?: string[] } {
  if (caPem === "") return {};
  const [, ...parts] = caPem.split(CERTIFICATE);
  if (parts.length === 0) throw new Error("the CA file holds no PEM certificate");
  const own = parts.map((part) => `${CERTIFICATE}${part}`);
  for (const [index, pem] of own.entries()) {
    try {
      new X509Certificate(pem);
    } catch {
      throw new Error(`certificate ${index + 1} of the CA file cannot be read`);
    }
  }
  return { ca: [...rootCertificates, ...own] };
}
