/** The addresses that keys are never fetched from, in every spelling that a resolver or a URL may give. */
import { expect, test } from "vitest";
import { isBlockedAddress } from "../../ext-authz/authenticate/blocked-address.ts";
import { createJwksFetch } from "../../ext-authz/authenticate/jwks-fetch.ts";

test.each([
  "169.254.169.254",
  "169.254.0.1",
  "169.254.255.255",
  "100.100.100.200",
  "168.63.129.16",
  "fe80::1",
  "febf::1",
  "fe80::1%eth0",
  "fd00:ec2::254",
  "FD00:0EC2:0::254",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "64:ff9b::169.254.169.254",
  "::169.254.169.254",
  "2002:a9fe:a9fe::1",
  "",
  "localhost",
  "1.2.3",
  "0169.254.1.1",
  "169.254.169.254.",
])("%s is blocked", (address) => {
  expect(isBlockedAddress(address)).toBe(true);
});

test.each([
  "127.0.0.1",
  "::1",
  "10.0.0.1",
  "192.168.1.1",
  "172.16.0.1",
  "8.8.8.8",
  "169.253.255.255",
  "169.255.0.0",
  "2001:db8::1",
  "fd00::1",
])("%s is open", (address) => {
  expect(isBlockedAddress(address)).toBe(false);
});

test.each([
  ["http://169.254.169.254/latest/meta-data/", "link-local or metadata address"],
  ["http://0xA9FEA9FE/", "link-local or metadata address"],
  ["http://2852039166/", "link-local or metadata address"],
  ["http://[fe80::1]/", "link-local or metadata address"],
  ["http://[::ffff:169.254.169.254]/", "link-local or metadata address"],
  ["file:///etc/passwd", "neither http nor https"],
  ["ftp://127.0.0.1/", "neither http nor https"],
  ["data:application/json,{}", "neither http nor https"],
  ["http://user:secret@127.0.0.1/", "credentials in the URL"],
  ["not a url", "not a URL"],
])("%s is not fetched", async (url, error) => {
  const fetch = createJwksFetch({ caPem: "", allowPrivateAddresses: false });
  const result = await fetch({ url, etag: "", maxBytes: 1000, signal: new AbortController().signal });
  expect(result).toEqual({ ok: false, error });
});
