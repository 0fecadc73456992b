import { expect, test } from "vitest";
import { displayUrl } from "../../ext-authz/resources/display-url.ts";

test.each([
  ["https://user:s3cret@opa.example:8181/v1/data?token=s3cret#s3cret", "https://opa.example:8181/v1/data"],
  ["http://lists.example/revoked.json", "http://lists.example/revoked.json"],
  ["s3cret", "(not a URL)"],
])("%s is shown as %s", (address, shown) => {
  expect(displayUrl(address)).toBe(shown);
});
