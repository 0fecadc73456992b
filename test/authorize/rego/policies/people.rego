# A policy of the kind that OPA's documentation for Envoy opens with ("Policy Primer via Examples",
# openpolicyagent.org/docs/envoy/primer): a token signed with a shared secret, a role in it, and a path. Our own words;
# the same built-ins and the same parts of the input document.
package envoy.authz

import input.attributes.request.http as sent

default allow := false

allow if {
	bearer.valid
	in_time(bearer.claims)
	may(bearer.claims.role)
}

in_time(claims) if {
	seconds := time.now_ns() / 1000000000
	claims.nbf <= seconds
	seconds < claims.exp
}

may("guest") if {
	sent.method == "GET"
	glob.match("/people/*", ["/"], sent.path)
}

may("admin") if {
	sent.method == "GET"
	glob.match("/people/*", ["/"], sent.path)
}

may("admin") if {
	sent.method == "POST"
	glob.match("/people", ["/"], sent.path)
	lower(input.parsed_body.firstname) != base64url.decode(bearer.claims.sub)
}

may("clerk") if {
	input.parsed_path = ["people", _, "address"]
	"short" in input.parsed_query.form
}

bearer := {"valid": valid, "claims": claims} if {
	[_, encoded] := split(sent.headers.authorization, " ")
	[valid, _, claims] := io.jwt.decode_verify(encoded, {"secret": "not a secret"})
}
